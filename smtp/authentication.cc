#include "smtp/authentication.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"
#include "smtp/saslprep.h"

#include <utility>

namespace signpost::smtp {

namespace {

// The prompts of AUTH LOGIN, "Username:" and "Password:". Clients compare them.
constexpr std::string_view kLoginNamePrompt = "VXNlcm5hbWU6";
constexpr std::string_view kLoginPasswordPrompt = "UGFzc3dvcmQ6";

}  // namespace

bool Authentication::takes_password(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "LOGIN";
}

Authentication::Authentication(std::string_view mechanism)
    : mechanism_(mechanism),
      expected_(mechanism == "PLAIN"   ? Expected::PlainMessage
                : mechanism == "LOGIN" ? Expected::LoginName
                                       : Expected::Message) {}

Authentication::Prompt Authentication::challenge(std::string_view text) {
  return {base64::encode(text)};
}

Authentication::Answer Authentication::begin(std::optional<std::string_view> initial_response) {
  if (initial_response) return on_response(*initial_response);
  return Prompt{std::string(expected_ == Expected::LoginName ? kLoginNamePrompt : "")};
}

Authentication::Answer Authentication::respond(std::string_view line) {
  if (line == "*") return Cancelled{};
  return on_response(line);
}

Authentication::Answer Authentication::on_response(std::string_view base64) {
  auto decoded = base64::decode_secret(base64);
  if (!decoded) return Malformed{};
  switch (expected_) {
    case Expected::PlainMessage:
      return on_plain_message(decoded->view());
    case Expected::LoginName:
      return on_login_name(decoded->view());
    case Expected::LoginPassword:
      return on_login_password(std::move(*decoded));
    case Expected::Message:
      return Message{std::move(*decoded)};
  }
  check_failed("an Expected of no kind", __FILE__, __LINE__);
}

// authzid NUL authcid NUL passwd, the latter two not empty (RFC 4616 section 2).
Authentication::Answer Authentication::on_plain_message(std::string_view message) const {
  const auto parts = ascii::split(message, '\0');
  if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) return Malformed{};
  return Credentials{mechanism_, prepared_name(parts[0]), prepared_name(parts[1]),
                     SecretString(parts[2])};
}

Authentication::Answer Authentication::on_login_name(std::string_view name) {
  if (name.empty() || name.contains('\0')) return Malformed{};
  login_ = prepared_name(name);
  expected_ = Expected::LoginPassword;
  return Prompt{std::string(kLoginPasswordPrompt)};
}

Authentication::Answer Authentication::on_login_password(SecretString password) {
  if (password.empty() || password.view().contains('\0')) return Malformed{};
  return Credentials{mechanism_, "", login_, std::move(password)};
}

}  // namespace signpost::smtp
