// What repairing a message costs: content taken in pieces, its header section read, ours put on
// top.
#include "message/content_builder.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::message {
namespace {

constexpr SystemTime kNow{std::chrono::seconds(1'767'225'600)};

constexpr std::string_view kHeader =
    "From: Example Newsletter <newsletter@example.com>\r\n"
    "Reply-To: Example Support <support@example.com>\r\n"
    "To: Somebody Else <somebody.else@recipient.example>\r\n"
    "Subject: =?UTF-8?Q?Your_weekly_news:_nine_things_that_you_should_not?=\r\n"
    " =?UTF-8?Q?_miss_before_the_weekend?=\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    "Message-ID: <20260101000000.0123456789abcdef@mail.example.com>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "List-Id: Example Newsletter <newsletter.example.com>\r\n"
    "List-Unsubscribe: <https://example.com/unsubscribe/0123456789abcdef0123456789abcdef>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "\r\n";

std::string content_of(std::size_t size) {
  std::string content(kHeader);
  while (content.size() < size) {
    content += "The quick brown fox jumps over the lazy dog, and nobody minds at all.\r\n";
  }
  return content;
}

void build_content(benchmark::State& state) {
  constexpr std::size_t kPiece = 16'384;
  const std::string content = content_of(static_cast<std::size_t>(state.range(0)));
  const FixUps fix_ups{
      .received =
          "Received: from app1.example.com (app1.example.com [192.0.2.17])\r\n"
          "\tby mail.example.com with ESMTPSA id 0123456789abcdef\r\n"
          "\tfor <somebody.else@recipient.example>; Thu, 01 Jan 2026 00:00:00 +0000\r\n",
      .message_id = "<0123456789abcdef@mail.example.com>",
      .now = kNow};
  for (auto _ : state) {
    ContentBuilder builder(fix_ups, content.size());
    for (std::string_view rest = content; !rest.empty();) {
      const std::string_view piece = rest.substr(0, kPiece);
      builder.append(piece);
      rest.remove_prefix(piece.size());
    }
    builder.finish();
    if (builder.fault()) std::abort();
    benchmark::DoNotOptimize(builder.take());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(content.size()));
}
BENCHMARK(build_content)->Arg(4'096)->Arg(100'000);

}  // namespace
}  // namespace signpost::message
