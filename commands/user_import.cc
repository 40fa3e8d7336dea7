#include "commands/user_import.h"

#include "auth/passwd_file.h"
#include "auth/password_scheme.h"
#include "auth/scram_keys.h"
#include "config/config_values.h"
#include "config/text_file.h"

#include <fmt/format.h>

namespace signpost::commands {

Result<Import> read_logins(const std::string& file, const ImportOptions& options) {
  const auto text = config::read_text_file(file);
  if (!text) return fail(text.error().code, fmt::format("{}: {}", file, text.error().detail));
  Import import;
  const auto refuse = [&](std::size_t line, const std::string& reason) {
    if (!import.left_out.empty()) import.left_out += '\n';
    import.left_out += fmt::format("{}:{}: {}", file, line, reason);
  };
  const auth::PasswdFile found = auth::parse_passwd_file(*text);
  for (const auto& refused : found.refused) refuse(refused.line, refused.reason);
  for (const auto& login : found.logins) {
    auth::User user{.name = login.name, .password = login.hash};
    if (options.own_address) {
      auto sender = config::parse_sender_pattern(login.name);
      if (!sender || sender->starts_with('@')) {
        refuse(login.line, "the name is not an address that it could send as");
        continue;
      }
      user.senders.push_back(std::move(*sender));
    }
    if (!login.clear.empty()) {
      user.password = auth::hash_password(login.clear.view());
      user.scram = auth::make_scram(login.clear.view());
    }
    import.users.push_back(std::move(user));
  }
  if (!import.left_out.empty() && !options.skip_refused) {
    return fail(Errc::InvalidArgument,
                import.left_out + "\nno login was imported; --skip-refused imports the others");
  }
  if (import.users.empty()) {
    return fail(Errc::InvalidArgument, fmt::format("{} has no logins", file));
  }
  return import;
}

}  // namespace signpost::commands
