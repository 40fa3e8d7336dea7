#include "sendmail/letter.h"

#include "base/ascii.h"
#include "message/encoded_word.h"
#include "message/header_section.h"
#include "sendmail/address_field.h"
#include "smtp/address.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

namespace signpost::sendmail {

namespace {

using message::HeaderField;
using message::HeaderSection;

constexpr std::array<std::string_view, 12> kAddressFields{
    "From",        "Sender",        "Reply-To",        "To",        "Cc",        "Bcc",
    "Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc"};
constexpr std::array<std::string_view, 3> kRecipientFields{"To", "Cc", "Bcc"};
constexpr std::array<std::string_view, 3> kResentRecipientFields{"Resent-To", "Resent-Cc",
                                                                 "Resent-Bcc"};

bool is_one_of(const HeaderField& field, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return field.is(name); });
}

// CRLF after each line, the last one too.
std::string with_line_ends(std::string_view input, bool dot_is_text) {
  std::string content;
  content.reserve(input.size() + input.size() / 32 + 2);
  if (input.starts_with("From ")) {  // of a mailbox file, which is no field
    const std::size_t end = input.find('\n');
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!dot_is_text && line == ".") break;
    content.append(line).append("\r\n");
  }
  return content;
}

std::string qualified(std::string address, const Origin& origin) {
  if (address.empty() || address.contains('@')) return address;
  return address + '@' + origin.host;
}

// The display name before an address, quoted or encoded where it must be; with a blank after it.
std::string phrase(std::string_view name) {
  const auto is_word = [](char c) {
    return ascii::is_alnum(c) || c == ' ' || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
  };
  if (name.empty()) return "";
  if (std::ranges::any_of(name, [](char c) { return (c & 0x80) != 0 || ascii::is_control(c); })) {
    return message::encoded_words(name) + " ";
  }
  if (std::ranges::all_of(name, is_word) && !name.contains("=?")) return std::string(name) + " ";
  std::string quoted("\"");
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" ";
}

class Composer {
 public:
  Composer(const Invocation& call, const Origin& origin) : call_(call), origin_(origin) {}

  std::expected<Letter, Fault> compose(std::string_view input);

 private:
  std::optional<Fault> take_arguments();
  std::optional<Fault> take_field(const HeaderField& field, bool gives_recipients);
  std::optional<Fault> add_recipient(std::string address);
  void add_author(const HeaderSection& section);

  const Invocation& call_;
  const Origin& origin_;
  Letter letter_;
  std::set<std::string> named_;  // the recipients
  std::string fields_;
};

std::optional<Fault> Composer::add_recipient(std::string address) {
  address = qualified(std::move(address), origin_);
  const auto mailbox = smtp::parse_mailbox(address, true);
  if (!mailbox) {
    return Fault{kDataError, "recipient " + ascii::printable(address, 200) + " is not an address"};
  }
  if (named_.insert(mailbox->text()).second) letter_.recipients.push_back(mailbox->text());
  return {};
}

std::optional<Fault> Composer::take_arguments() {
  letter_.notify = call_.notify;
  letter_.ret = call_.ret;
  letter_.envelope_id = call_.envelope_id;
  letter_.sender = qualified(call_.sender.value_or(origin_.account), origin_);
  if (!letter_.sender.empty()) {
    const auto mailbox = smtp::parse_mailbox(letter_.sender, true);
    if (!mailbox) {
      return Fault{kDataError,
                   "sender " + ascii::printable(letter_.sender, 200) + " is not an address"};
    }
    letter_.sender = mailbox->text();
  }
  for (const std::string& argument : call_.recipients) {
    // "a@b.example, c@d.example" in one word, as mail(1) of old has it.
    const auto listed = addresses_in(argument);
    if (!listed) {
      return Fault{kDataError, "recipient " + listed.error() + " is not an address"};
    }
    for (const FieldAddress& each : *listed) {
      if (auto fault = add_recipient(each.address)) return fault;
    }
  }
  return {};
}

// The field goes into the new header, with the host where an address lacks a domain. What cannot be
// read stays as it is, for the relay to judge, unless it says who gets the message.
std::optional<Fault> Composer::take_field(const HeaderField& field, bool gives_recipients) {
  const auto listed = addresses_in(field.value);
  if (gives_recipients) {
    if (!listed) {
      return Fault{kDataError, std::string(field.name) + ": names no clear address in \"" +
                                   listed.error() +
                                   "\"; write it as in \"Doe, John\" <john@shop.example>"};
    }
    for (const FieldAddress& each : *listed) {
      if (auto fault = add_recipient(each.address)) return fault;
    }
  }
  if (field.is("Bcc") || field.is("Resent-Bcc")) return {};
  const auto value_at = static_cast<std::size_t>(field.value.data() - field.raw.data());
  std::size_t written = 0;
  if (listed) {
    for (const FieldAddress& each : *listed) {
      if (each.qualified) continue;
      const std::size_t end = value_at + each.end;
      fields_.append(field.raw.substr(written, end - written)).append("@").append(origin_.host);
      written = end;
    }
  }
  fields_.append(field.raw.substr(written));
  return {};
}

void Composer::add_author(const HeaderSection& section) {
  const bool resent = section.first("Resent-To") != nullptr;
  if (section.first("From") != nullptr && (!resent || section.first("Resent-From") != nullptr)) {
    return;
  }
  std::string address = letter_.sender;
  if (address.empty()) address = qualified(origin_.account, origin_);
  const std::string_view name =
      resent && section.first("From") != nullptr ? "Resent-From: " : "From: ";
  fields_.insert(0, std::string(name) + phrase(call_.full_name.value_or(origin_.full_name)) + "<" +
                        address + ">\r\n");
}

std::expected<Letter, Fault> Composer::compose(std::string_view input) {
  if (auto fault = take_arguments()) return std::unexpected(std::move(*fault));
  const std::string content = with_line_ends(input, call_.dot_is_text);
  const HeaderSection section = HeaderSection::parse(content);
  const bool resent = std::ranges::any_of(section.fields(), [](const HeaderField& field) {
    return is_one_of(field, kResentRecipientFields);
  });
  const std::span<const std::string_view> giving(resent ? kResentRecipientFields
                                                        : kRecipientFields);
  for (const HeaderField& field : section.fields()) {
    if (!is_one_of(field, kAddressFields)) {
      fields_.append(field.raw);
      continue;
    }
    const bool gives = call_.recipients_from_header && is_one_of(field, giving);
    if (auto fault = take_field(field, gives)) return std::unexpected(std::move(*fault));
  }
  if (letter_.recipients.empty()) {
    return std::unexpected(
        Fault{call_.recipients_from_header ? kDataError : kUsage, "no recipients"});
  }
  add_author(section);
  letter_.content = std::move(fields_);
  // Without any field it is a text alone; a line that is no field among fields is the relay's to
  // judge.
  if (!section.malformed() || section.fields().empty()) letter_.content += "\r\n";
  letter_.content.append(section.body());
  return std::move(letter_);
}

}  // namespace

std::expected<Letter, Fault> compose(const Invocation& call, const Origin& origin,
                                     std::string_view input) {
  return Composer(call, origin).compose(input);
}

}  // namespace signpost::sendmail
