#include "auth/dovecot_protocol.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace signpost::auth {

namespace {

using Words = std::vector<std::string_view>;

constexpr std::size_t kLongestLine = 8192;  // Dovecot's own

std::optional<std::uint32_t> number_of(std::string_view word) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return number;
}

// The characters that would end a word have escapes.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\x01' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    switch (text[++i]) {
      case '0':
        plain += '\0';
        break;
      case '1':
        plain += '\x01';
        break;
      case 't':
        plain += '\t';
        break;
      case 'r':
        plain += '\r';
        break;
      case 'n':
        plain += '\n';
        break;
      default:
        plain += text[i];
    }
  }
  return plain;
}

std::string login_of(const Words& words) {
  constexpr std::string_view kName = "user=";
  for (const std::string_view word : words) {
    if (word.starts_with(kName)) return unescape(word.substr(kName.size()));
  }
  return "";
}

bool has(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// "FAIL" also says that Dovecot could not look the login up for now, which is nobody's failure.
DovecotProtocol::Outcome outcome_of(const Words& words) {
  using enum DovecotProtocol::Outcome;
  if (words[0] == "OK") return Accepted;
  if (words[0] != "FAIL") return Unavailable;
  return has(words, "temp") || has(words, "code=temp_fail") ? Unavailable : Rejected;
}

}  // namespace

std::string DovecotProtocol::hello(std::uint32_t client) {
  return fmt::format("VERSION\t1\t2\nCPID\t{}\n", client);
}

Result<std::vector<DovecotProtocol::Answer>> DovecotProtocol::hear(ByteQueue& in) {
  std::vector<Answer> answers;
  for (;;) {
    const std::size_t end = in.view().find('\n');
    if (end == std::string_view::npos) break;
    auto answer = hear_line(in.view().substr(0, end));
    in.consume(end + 1);
    if (!answer) return Failure(std::move(answer).error());
    if (*answer) answers.push_back(std::move(**answer));
  }
  if (in.size() > kLongestLine) return fail(Errc::InvalidArgument, "sends a line without an end");
  return answers;
}

// Words that are not known are passed over, as the protocol asks.
Result<std::optional<DovecotProtocol::Answer>> DovecotProtocol::hear_line(std::string_view line) {
  const Words words = ascii::split(line, '\t');
  const std::string_view verb = words[0];
  if (verb == "VERSION") {
    version_known_ = words.size() >= 2 && words[1] == "1";
    if (!version_known_) return fail(Errc::InvalidArgument, "speaks another protocol version");
  } else if (!version_known_) {
    return fail(Errc::InvalidArgument, "is not Dovecot's socket for authentication clients");
  } else if (verb == "MECH") {
    has_plain_ = has_plain_ || (words.size() >= 2 && words[1] == "PLAIN");
  } else if (verb == "DONE") {
    if (!has_plain_) return fail(Errc::InvalidArgument, "offers no PLAIN; see auth_mechanisms");
    ready_ = true;
  } else if (verb == "OK" || verb == "FAIL" || verb == "CONT") {
    const auto number = words.size() >= 2 ? number_of(words[1]) : std::nullopt;
    if (!number) return fail(Errc::InvalidArgument, "answers no question");
    return Answer{.number = *number, .outcome = outcome_of(words), .login = login_of(words)};
  }
  return std::optional<Answer>();
}

// Without "secured" Dovecot would refuse a password: we take one under TLS or within this machine
// only. "nologin": nobody opens a mailbox after it. "resp" must be last.
std::optional<SecretString> DovecotProtocol::line_of(std::uint32_t number,
                                                     const Question& question) {
  if (question.login.contains('\0') || question.password.contains('\0')) return {};
  SecretString message =
      SecretString::of_size(question.login.size() + question.password.size() + 2);
  auto rest = std::ranges::copy(question.login, message.octets().begin() + 1).out;
  std::ranges::copy(question.password, rest + 1);
  std::string response = base64::encode(message.view());
  const std::string head = fmt::format(
      "AUTH\t{}\tPLAIN\tservice=smtp\tnologin\tsecured\trip={}\tresp=", number, question.client);
  SecretString line = SecretString::of_size(head.size() + response.size() + 1);
  rest = std::ranges::copy(head, line.octets().begin()).out;
  rest = std::ranges::copy(response, rest).out;
  *rest = '\n';
  wipe(response);
  if (line.view().size() > kLongestLine) return {};
  return line;
}

}  // namespace signpost::auth
