#include "smtp/xclient.h"

#include "base/ascii.h"
#include "smtp/address.h"
#include "smtp/saslprep.h"
#include "smtp/xtext.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace signpost::smtp {

namespace {

constexpr std::size_t kMaxName = 255;

using Text = std::optional<std::string> XclientCommand::*;
using Port = std::optional<std::uint16_t> XclientCommand::*;

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

std::optional<std::string> read_name(std::string_view value) {
  if (!is_host_name(value)) return {};
  return std::string(value);
}

std::optional<std::string> read_address(std::string_view value) {
  constexpr std::string_view kTag = "IPV6:";
  const bool v6 = ascii::starts_with_ignore_case(value, kTag);
  if (v6) value.remove_prefix(kTag.size());
  std::string literal(v6 ? "[IPv6:" : "[");
  if (!is_address_literal(literal.append(value).append("]"))) return {};
  return std::string(value);
}

std::optional<std::string> read_protocol(std::string_view value) {
  for (const std::string_view known : {"SMTP", "ESMTP"}) {
    if (ascii::equals_ignore_case(value, known)) return std::string(known);
  }
  return {};
}

std::optional<std::string> read_hello_name(std::string_view value) {
  if (value.empty() || value.size() > kMaxName || !ascii::is_utf8(value)) return {};
  return std::string(value);
}

std::optional<std::string> read_login(std::string_view value) {
  const auto prepared = saslprep(value);
  if (!prepared || prepared->empty() || prepared->view().size() > kMaxName) return {};
  return std::string(prepared->view());
}

struct TextAttribute {
  std::string_view name;
  Text member;
  std::optional<std::string> (*read)(std::string_view value);
};
constexpr std::array kTexts = {
    TextAttribute{"NAME", &XclientCommand::name, read_name},
    TextAttribute{"ADDR", &XclientCommand::address, read_address},
    TextAttribute{"PROTO", &XclientCommand::protocol, read_protocol},
    TextAttribute{"HELO", &XclientCommand::hello_name, read_hello_name},
    TextAttribute{"LOGIN", &XclientCommand::login, read_login},
    TextAttribute{"DESTADDR", &XclientCommand::destination, read_address},
};

struct PortAttribute {
  std::string_view name;
  Port member;
};
constexpr std::array kPorts = {
    PortAttribute{"PORT", &XclientCommand::port},
    PortAttribute{"DESTPORT", &XclientCommand::destination_port},
};

template <typename Attributes>
auto find(const Attributes& all, std::string_view name) {
  return std::ranges::find_if(
      all, [&](const auto& each) { return ascii::equals_ignore_case(each.name, name); });
}

bool is_unavailable(std::string_view value) {
  return ascii::equals_ignore_case(value, "[UNAVAILABLE]") ||
         ascii::equals_ignore_case(value, "[TEMPUNAVAIL]");
}

std::optional<std::uint16_t> read_port(std::string_view value) {
  std::uint16_t port = 0;
  const char* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, port);
  if (error != std::errc() || rest != end || port == 0) return {};
  return port;
}

// Into `slot`, what `read` makes of the value.
template <typename Value, typename Read>
std::optional<CommandError> take(std::string_view value, std::optional<Value>& slot,
                                 const Read& read) {
  if (slot) return CommandError::ParameterDuplicate;
  if (is_unavailable(value)) {
    slot.emplace();
    return {};
  }
  const auto decoded = decode_xtext(value);
  if (!decoded || std::ranges::any_of(*decoded, ascii::is_control)) {
    return CommandError::ParameterMalformed;
  }
  slot = read(*decoded);
  if (!slot) return CommandError::ParameterMalformed;
  return {};
}

std::optional<CommandError> take_attribute(std::string_view text, XclientCommand& xclient) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return CommandError::AttributeUnknown;
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  if (const auto* const known = find(kTexts, name); known != kTexts.end()) {
    return take(value, xclient.*known->member, known->read);
  }
  if (const auto* const known = find(kPorts, name); known != kPorts.end()) {
    return take(value, xclient.*known->member, read_port);
  }
  return CommandError::AttributeUnknown;
}

}  // namespace

bool XclientCommand::add(const XclientCommand& more) {
  XclientCommand both = *this;
  const auto add_each = [&](const auto& attributes) {
    return std::ranges::all_of(attributes, [&](const auto& each) {
      if (!(more.*each.member)) return true;
      if (both.*each.member) return false;
      both.*each.member = more.*each.member;
      return true;
    });
  };
  if (!add_each(kTexts) || !add_each(kPorts)) return false;
  *this = std::move(both);
  return true;
}

std::expected<XclientCommand, CommandError> parse_xclient(std::string_view attributes) {
  XclientCommand xclient;
  for (const std::string_view text : ascii::split(attributes, ' ')) {
    if (text.empty()) continue;
    if (const auto fault = take_attribute(text, xclient)) return std::unexpected(*fault);
  }
  if (xclient == XclientCommand{}) return std::unexpected(CommandError::ArgumentMissing);
  return xclient;
}

}  // namespace signpost::smtp
