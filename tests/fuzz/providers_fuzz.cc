// providers.toml: any text loads or is refused with a reason; what loads reads any reply. The input
// is a file, and after a line "---" a host and the text of a reply.
#include "base/check.h"
#include "providers/providers.h"

#include <cstdint>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kEnd = "\n---\n";
  const std::size_t end = input.find(kEnd);
  const std::string_view rest =
      end == std::string_view::npos ? input : input.substr(end + kEnd.size());
  std::vector<config::ConfigError> errors;
  const auto providers =
      providers::Providers::parse(input.substr(0, end), "providers.toml", errors);
  CHECK((providers == nullptr) == !errors.empty());
  for (const config::ConfigError& error : errors) CHECK(!error.message.empty());

  const auto& built_in = *providers::Providers::built_in();
  for (const auto* all : {providers.get(), &built_in}) {
    if (all == nullptr) continue;
    CHECK(all->all().size() <= providers::kMostProviders);
    const providers::Provider* const provider = all->find(rest.substr(0, rest.find('\n')));
    for (const int code : {421, 450, 550, 554}) {
      const smtp::Reply reply{code, {}, std::string(rest)};
      const auto reading = all->read(provider, reply, providers::ReplyScope::Sender);
      CHECK(reading.reply_class != providers::ReplyClass::Accepted);
      CHECK(reading.reply_class != providers::ReplyClass::Address);
      // The pattern that decided matches by itself.
      if (reading.pattern != nullptr) {
        CHECK(reading.pattern->matches(reply, providers::ReplyText(rest)));
        CHECK(reading.words == reading.pattern->reply_class);
      }
    }
  }
  return 0;
}
