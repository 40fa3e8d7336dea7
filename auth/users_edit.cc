#include "auth/users_edit.h"

#include "base/ascii.h"
#include "config/config_values.h"
#include "config/text_file.h"
#include "config/toml_document.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::auth {

namespace {

// The octet offset of a position: columns count characters.
std::size_t offset_of(std::string_view text, config::TomlPosition position) {
  std::size_t offset = 0;
  for (unsigned line = 1; line < position.line; ++line) {
    const std::size_t end = text.find('\n', offset);
    if (end == std::string_view::npos) return text.size();
    offset = end + 1;
  }
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  for (unsigned column = 1; column < position.column && offset < text.size(); ++column) {
    ++offset;
    while (offset < text.size() && continues(text[offset])) ++offset;
  }
  return offset;
}

std::size_t next_line(std::string_view text, std::size_t offset) {
  const std::size_t end = text.find('\n', offset);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string senders_text(const std::vector<std::string>& senders) {
  std::string text = "[";
  for (const std::string& sender : senders) {
    if (text.size() > 1) text += ", ";
    text += config::toml_string(sender);
  }
  return text + "]";
}

// A value as it is written in the file.
struct Line {
  std::string_view key;
  std::string value;
};

// What is written beside the password; nothing of what the user does not say.
std::vector<Line> lines_of(const User& user) {
  std::vector<Line> lines;
  if (!user.senders.empty()) lines.emplace_back("senders", senders_text(user.senders));
  if (!user.tenant.empty()) lines.emplace_back("tenant", config::toml_string(user.tenant));
  if (user.mail_class != MailClass::Usual) {
    lines.emplace_back("class", config::toml_string(std::string(name_of(user.mail_class))));
  }
  if (user.rate) lines.emplace_back("rate", config::toml_string(config::rate_text(*user.rate)));
  if (user.daily) lines.emplace_back("daily", std::to_string(*user.daily));
  return lines;
}

void append_user(std::string& text, const User& user) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (!text.empty()) text += '\n';
  text += fmt::format("[{}]\n", config::toml_key(user.name));
  if (!user.password.empty()) {
    text += fmt::format("password = {}\n", config::toml_string(user.password));
  }
  if (!user.scram.empty()) text += fmt::format("scram = {}\n", config::toml_string(user.scram));
  for (const Line& line : lines_of(user)) text += fmt::format("{} = {}\n", line.key, line.value);
}

// From the header to the line of the last value; comments after that may belong to the next user.
void erase_table(std::string& text, const config::TomlValue& table) {
  const std::size_t begin = offset_of(text, {table.begin.line, 1});
  std::size_t end = next_line(text, offset_of(text, table.begin));
  for (const config::TomlMember& member : table.members) {
    end = std::max(end, next_line(text, offset_of(text, member.value.end)));
  }
  // One of the two empty lines that would meet.
  if (begin == 0 || text[begin - 1] == '\n') {
    if (end < text.size() && text[end] == '\n') ++end;
  }
  text.erase(begin, end - begin);
}

Result<config::TomlValue> parse(const std::string& text, const std::string& file) {
  auto root = config::parse_toml(text);
  if (root) return std::move(*root);
  const config::TomlError& error = root.error();
  return fail(Errc::InvalidArgument, fmt::format("{}:{}:{}: {}", file, error.position.line,
                                                 error.position.column, error.message));
}

// Puts `value` where `key` of the user's table has its own, or on a new line below the header.
Result<void> set_key(std::string& text, const std::string& file, const std::string& user,
                     std::string_view key, const std::string& value) {
  const auto root = parse(text, file);
  if (!root) return Failure(root.error());
  const config::TomlValue& table = *root->find(user);
  if (const config::TomlValue* old = table.find(key)) {
    const std::size_t begin = offset_of(text, old->begin);
    text.replace(begin, offset_of(text, old->end) - begin, value);
  } else {
    const std::size_t below = next_line(text, offset_of(text, table.begin));
    text.insert(below, fmt::format("{} = {}\n", key, value));
  }
  return {};
}

// Does `text` have exactly the users of `wanted`?
Result<void> confirm(const std::string& text, const std::string& file, std::vector<User> wanted) {
  std::ranges::sort(wanted, {}, &User::name);
  const auto users = Users::parse(text, file);
  if (users && (*users)->all() == wanted) return {};
  return fail(
      Errc::InvalidArgument,
      fmt::format("{}: this user does not have a table of its own; edit the file by hand", file));
}

// The line of `key`, if the user's table has it.
Result<void> erase_key(std::string& text, const std::string& file, const std::string& user,
                       std::string_view key) {
  const auto root = parse(text, file);
  if (!root) return Failure(root.error());
  const auto& members = root->find(user)->members;
  const auto member = std::ranges::find(members, key, &config::TomlMember::key);
  if (member == members.end()) return {};
  const std::size_t begin = offset_of(text, {member->begin.line, 1});
  text.erase(begin, next_line(text, offset_of(text, member->value.end)) - begin);
  return {};
}

// The value of `key`; "": without that line.
Result<void> set_or_erase(std::string& text, const std::string& file, const std::string& user,
                          std::string_view key, const std::string& value) {
  return value.empty() ? erase_key(text, file, user, key)
                       : set_key(text, file, user, key, config::toml_string(value));
}

// The old SCRAM keys go with the old password, which they would still prove.
Result<void> change_user(std::string& text, const std::string& file, const User& user) {
  auto changed = set_or_erase(text, file, user.name, "scram", user.scram);
  if (changed) changed = set_or_erase(text, file, user.name, "password", user.password);
  for (const Line& line : lines_of(user)) {
    if (changed) changed = set_key(text, file, user.name, line.key, line.value);
  }
  return changed;
}

// As change_user() does to the file.
void change_user(User& entry, const User& user) {
  entry.password = user.password;
  entry.scram = user.scram;
  if (!user.senders.empty()) entry.senders = user.senders;
  if (!user.tenant.empty()) entry.tenant = user.tenant;
  if (user.mail_class != MailClass::Usual) entry.mail_class = user.mail_class;
  if (user.rate) entry.rate = user.rate;
  if (user.daily) entry.daily = user.daily;
}

}  // namespace

Result<std::string> with_users(const std::string& old, const std::string& file,
                               const std::vector<User>& users, bool replace) {
  const auto before = Users::parse(old, file);
  if (!before) return Failure(before.error());
  std::string text = old;
  std::vector<User> wanted = (*before)->all();
  for (const User& user : users) {
    if ((*before)->find(user.name) == nullptr) {
      append_user(text, user);
      wanted.push_back(user);
      continue;
    }
    if (!replace) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{}: user {} already exists", file, config::toml_string(user.name)));
    }
    if (auto changed = change_user(text, file, user); !changed) return Failure(changed.error());
    change_user(*std::ranges::find(wanted, user.name, &User::name), user);
  }
  const auto confirmed = confirm(text, file, std::move(wanted));
  if (!confirmed) return Failure(confirmed.error());
  return text;
}

Result<std::string> with_user(const std::string& old, const std::string& file, const User& user,
                              bool replace) {
  return with_users(old, file, {user}, replace);
}

Result<std::string> without_user(const std::string& old, const std::string& file,
                                 const std::string& name) {
  const auto before = Users::parse(old, file);
  if (!before) return Failure(before.error());
  const auto root = parse(old, file);
  if (!root) return Failure(root.error());
  const config::TomlValue* table = root->find(name);
  if (table == nullptr) {
    return fail(Errc::NotFound,
                fmt::format("{}: there is no user {}", file, config::toml_string(name)));
  }
  std::string text = old;
  erase_table(text, *table);
  if (text.empty()) text = "# no logins\n";  // an empty file would be refused at a reload
  std::vector<User> wanted = (*before)->all();
  std::erase_if(wanted, [&](const User& user) { return user.name == name; });
  const auto confirmed = confirm(text, file, std::move(wanted));
  if (!confirmed) return Failure(confirmed.error());
  return text;
}

namespace {

// edit_private_file()'s own errors lack the name of the file; those of `change` have it.
Result<void> edit(const std::string& file,
                  const std::function<Result<std::string>(const std::string&)>& change) {
  bool refused = false;
  auto done = config::edit_private_file(file, [&](const std::string& old) {
    auto text = change(old);
    refused = !text;
    return text;
  });
  if (!done && !refused) return fail(done.error().code, file + ": " + done.error().detail);
  return done;
}

}  // namespace

Result<void> add_user(const std::string& file, const User& user, bool replace) {
  if (auto problem = user_name_problem(user.name)) return fail(Errc::InvalidArgument, *problem);
  return edit(file, [&](const std::string& old) { return with_user(old, file, user, replace); });
}

Result<void> add_users(const std::string& file, const std::vector<User>& users, bool replace) {
  return edit(file, [&](const std::string& old) { return with_users(old, file, users, replace); });
}

Result<void> remove_user(const std::string& file, const std::string& name) {
  return edit(file, [&](const std::string& old) { return without_user(old, file, name); });
}

}  // namespace signpost::auth
