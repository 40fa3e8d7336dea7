// What a server says in SCRAM, line by line, after the nonce of ours that a line "r=" begins with:
// without the password nobody is believed, and nothing is answered after the end.
#include "base/check.h"
#include "sasl/scram_client.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace signpost::sasl;

const std::shared_ptr<const Password>& password() {
  static const auto made = std::make_shared<const Password>("a password that no input has");
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ScramClient client(Mechanism::ScramSha1, "user", password(), "nonce");
  bool over = false;
  while (!text.empty()) {
    std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // Many iterations take long, and say nothing new.
    if (const std::size_t at = line.find(",i=1"); at != std::string::npos) line.resize(at);
    const auto response = client.respond(line);
    CHECK(!over || !response);
    over |= !response;
  }
  CHECK(!client.accepted().empty());
  return 0;
}
