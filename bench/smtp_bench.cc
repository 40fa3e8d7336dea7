// What the protocol costs a message: a line read, a reply read, content unstuffed and stuffed.
#include "base/byte_queue.h"
#include "base/byte_sink.h"
#include "smtp/command.h"
#include "smtp/mail_data.h"
#include "smtp/reply.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace signpost::smtp {
namespace {

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override { text.append(piece); }
  std::string text;
};

// One line in sixteen begins with a dot, more than in real mail: stuffing must not be free by
// chance.
std::string content_of(std::size_t size) {
  std::string content = "From: Example Newsletter <newsletter@example.com>\r\n\r\n";
  for (std::size_t line = 0; content.size() < size; ++line) {
    if (line % 16 == 0) content += '.';
    content += "The quick brown fox jumps over the lazy dog, and nobody minds at all.\r\n";
  }
  return content;
}

void command(benchmark::State& state, std::string_view line) {
  for (auto _ : state) {
    auto parsed = parse_command(line, {});
    if (!parsed) std::abort();
    benchmark::DoNotOptimize(parsed);
  }
}
BENCHMARK_CAPTURE(command, mail,
                  "MAIL FROM:<bounces+18446744@mail.example.com> SIZE=4096 BODY=8BITMIME");
BENCHMARK_CAPTURE(command, rcpt, "RCPT TO:<somebody.else@recipient.example>");
BENCHMARK_CAPTURE(command, data, "DATA");

void reply(benchmark::State& state, std::string_view wire) {
  ByteQueue queue;
  for (auto _ : state) {
    queue.append(wire);
    auto taken = take_reply(queue);
    if (!taken || !*taken) std::abort();
    benchmark::DoNotOptimize(taken);
  }
}
BENCHMARK_CAPTURE(reply, one_line, "250 2.0.0 Ok: queued as 0123456789abcdef\r\n");
BENCHMARK_CAPTURE(
    reply, ehlo,
    "250-mx.recipient.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n"
    "250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n");

// In pieces of 16 KB, as the socket gives them.
void decode_mail_data(benchmark::State& state) {
  constexpr std::size_t kPiece = 16'384;
  std::string wire;
  append_mail_data(wire, content_of(static_cast<std::size_t>(state.range(0))));
  StringSink sink;
  for (auto _ : state) {
    sink.text.clear();
    MailDataDecoder decoder;
    std::string_view rest = wire;
    std::size_t offered = kPiece;
    while (!decoder.at_end()) {
      const std::size_t taken = decoder.decode(rest.substr(0, offered), sink);
      rest.remove_prefix(taken);
      offered = taken == 0 ? offered + kPiece : kPiece;
      if (taken == 0 && offered > wire.size() + kPiece) std::abort();
    }
    benchmark::DoNotOptimize(sink.text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}
BENCHMARK(decode_mail_data)->Arg(4'096)->Arg(100'000);

void stuff_dots(benchmark::State& state) {
  const std::string content = content_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    DotStuffer stuffer(content);
    while (!stuffer.done()) benchmark::DoNotOptimize(stuffer.next(64 * 1024).data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(content.size()));
}
BENCHMARK(stuff_dots)->Arg(4'096)->Arg(100'000);

}  // namespace
}  // namespace signpost::smtp
