#include "smtp/mail_parameters.h"

#include "base/ascii.h"
#include "base/utc.h"
#include "smtp/xtext.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace signpost::smtp {

namespace {

using Fault = std::optional<CommandError>;

constexpr std::size_t kMaxEnvelopeId = 100;         // RFC 3461 section 4.4, before decoding
constexpr std::size_t kMaxOriginalRecipient = 500;  // RFC 3461 section 4.2
constexpr std::size_t kMaxSizeDigits = 20;          // RFC 1870 section 4
constexpr std::size_t kMaxTimeDigits = 9;           // of seconds: RFC 2852, RFC 4865

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) {
  return !text.empty() && ascii::is_alnum(text.front()) &&
         std::ranges::all_of(text, [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

// esmtp-param of RFC 5321 section 4.1.2; its value may be UTF-8 (RFC 6531 section 3.3).
std::optional<Parameter> parse_parameter(std::string_view text) {
  const std::size_t equals = text.find('=');
  Parameter parameter{text.substr(0, equals), std::nullopt};
  if (!is_keyword(parameter.keyword)) return std::nullopt;
  if (equals == std::string_view::npos) return parameter;
  parameter.value = text.substr(equals + 1);
  if (parameter.value->empty() || parameter.value->contains('=')) return std::nullopt;
  return parameter;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// The decoded text goes into DSNs: an encoded line end would write header fields there.
std::optional<std::string> decode_printable(std::string_view text) {
  auto decoded = decode_xtext(text);
  if (!decoded || decoded->empty() || !is_printable_ascii(*decoded)) return std::nullopt;
  return decoded;
}

bool is(std::optional<std::string_view> value, std::string_view word) {
  return value && ascii::equals_ignore_case(*value, word);
}

Fault parse_size(std::optional<std::string_view> value, MailCommand& mail) {
  if (!value || value->size() > kMaxSizeDigits || !std::ranges::all_of(*value, ascii::is_digit)) {
    return CommandError::ParameterMalformed;
  }
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), size);
  // Twenty digits may be more than a number holds: more than any limit, too.
  mail.size = error == std::errc() ? size : std::numeric_limits<std::size_t>::max();
  return {};
}

Fault parse_body(std::optional<std::string_view> value, MailCommand& mail) {
  if (is(value, "7BIT")) {
    mail.body = Body::SevenBit;
  } else if (is(value, "8BITMIME")) {
    mail.body = Body::EightBitMime;
  } else if (is(value, "BINARYMIME")) {
    mail.body = Body::BinaryMime;
  } else {
    return CommandError::ParameterMalformed;
  }
  return {};
}

Fault parse_smtputf8(std::optional<std::string_view> value, MailCommand& mail) {
  if (value) return CommandError::ParameterMalformed;
  mail.smtputf8 = true;
  return {};
}

Fault parse_ret(std::optional<std::string_view> value, MailCommand& mail) {
  if (is(value, "FULL")) {
    mail.ret = Return::Full;
  } else if (is(value, "HDRS")) {
    mail.ret = Return::Headers;
  } else {
    return CommandError::ParameterMalformed;
  }
  return {};
}

Fault parse_envid(std::optional<std::string_view> value, MailCommand& mail) {
  if (!value || value->size() > kMaxEnvelopeId) return CommandError::ParameterMalformed;
  auto decoded = decode_printable(*value);
  if (!decoded) return CommandError::ParameterMalformed;
  mail.envelope_id = std::move(*decoded);
  return {};
}

// Who first submitted the message: the client is not trusted to say so, as RFC 4954 section 5
// allows, but it must be well-formed.
Fault parse_auth(std::optional<std::string_view> value, MailCommand&) {
  if (!value) return CommandError::ParameterMalformed;
  if (*value == "<>" || decode_printable(*value)) return {};
  return CommandError::ParameterMalformed;
}

// One to nine digits.
std::optional<std::chrono::seconds> parse_seconds(std::string_view digits) {
  if (digits.empty() || digits.size() > kMaxTimeDigits ||
      !std::ranges::all_of(digits, ascii::is_digit)) {
    return std::nullopt;
  }
  std::chrono::seconds::rep seconds = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::chrono::seconds(seconds);
}

// future-release-integer of RFC 4865: from 1 on.
Fault parse_holdfor(std::optional<std::string_view> value, MailCommand& mail) {
  const auto seconds = value ? parse_seconds(*value) : std::nullopt;
  if (!seconds || value->front() == '0' || mail.hold_until) return CommandError::ParameterMalformed;
  mail.hold_for = seconds;
  return {};
}

// date-time of RFC 3339 section 5.6: "2026-12-24T18:00:00Z", "2026-12-24t18:00:00.5+01:00".
// Fractions are rounded up: nothing is released too early.
std::optional<SystemTime> parse_date_time(std::string_view text) {
  constexpr std::size_t kWhole = std::string_view("2026-12-24T18:00:00").size();
  std::string whole(text.substr(0, kWhole));
  if (whole.size() == kWhole && whole[10] == 't') whole[10] = 'T';
  auto time = parse_utc(whole + 'Z');
  if (!time) return std::nullopt;
  std::string_view rest = text.substr(kWhole);
  if (rest.starts_with('.')) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (digits == 1) return std::nullopt;
    if (rest.substr(1, digits - 1).find_first_not_of('0') != std::string_view::npos) {
      *time += std::chrono::seconds(1);
    }
    rest.remove_prefix(digits);
  }
  if (rest == "Z" || rest == "z") return time;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  // An offset has the form of a time of day.
  const auto offset = parse_utc("1970-01-01T" + std::string(rest.substr(1)) + ":00Z");
  if (!offset) return std::nullopt;
  return rest[0] == '+' ? *time - offset->time_since_epoch() : *time + offset->time_since_epoch();
}

Fault parse_holduntil(std::optional<std::string_view> value, MailCommand& mail) {
  const auto time = value ? parse_date_time(*value) : std::nullopt;
  if (!time || mail.hold_for) return CommandError::ParameterMalformed;
  mail.hold_until = time;
  return {};
}

// by-time ";" by-mode [by-trace]: "120;R", "-5;NT" (RFC 2852).
Fault parse_by(std::optional<std::string_view> value, MailCommand& mail) {
  if (!value) return CommandError::ParameterMalformed;
  std::string_view time = value->substr(0, value->find(';'));
  std::string_view mode = value->substr(std::min(time.size() + 1, value->size()));
  const bool negative = time.starts_with('-');
  if (negative || time.starts_with('+')) time.remove_prefix(1);
  const auto seconds = parse_seconds(time);
  if (!seconds) return CommandError::ParameterMalformed;
  DeliverBy by{.time = negative ? -*seconds : *seconds};
  if (mode.size() == 2 && ascii::to_upper(mode[1]) == 'T') {
    by.trace = true;
    mode.remove_suffix(1);
  }
  if (ascii::equals_ignore_case(mode, "R")) {
    by.mode = DeliverBy::Mode::Return;
  } else if (!ascii::equals_ignore_case(mode, "N")) {
    return CommandError::ParameterMalformed;
  }
  // What must be returned when the time has passed cannot be late already.
  if (by.mode == DeliverBy::Mode::Return && by.time <= std::chrono::seconds(0)) {
    return CommandError::ParameterMalformed;
  }
  mail.deliver_by = by;
  return {};
}

// "-9" … "9" (RFC 6710).
Fault parse_priority(std::optional<std::string_view> value, MailCommand& mail) {
  if (!value) return CommandError::ParameterMalformed;
  std::string_view digits = *value;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.size() != 1 || !ascii::is_digit(digits[0])) return CommandError::ParameterMalformed;
  mail.priority = negative ? '0' - digits[0] : digits[0] - '0';
  return {};
}

// Taking it would promise what this relay cannot keep yet (RFC 8689).
Fault refuse_requiretls(std::optional<std::string_view>, MailCommand&) {
  return CommandError::RequireTls;
}

// "NEVER", or any of "SUCCESS", "FAILURE" and "DELAY".
Fault parse_notify(std::optional<std::string_view> value, RcptCommand& rcpt) {
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> kWords = {{
      {"NEVER", Notify::kNever},
      {"SUCCESS", Notify::kSuccess},
      {"FAILURE", Notify::kFailure},
      {"DELAY", Notify::kDelay},
  }};
  if (!value) return CommandError::ParameterMalformed;
  std::uint8_t bits = 0;
  for (const std::string_view item : ascii::split(*value, ',')) {
    const auto word = std::ranges::find_if(kWords, [item](const auto& candidate) {
      return ascii::equals_ignore_case(candidate.first, item);
    });
    if (word == kWords.end()) return CommandError::ParameterMalformed;
    bits = static_cast<std::uint8_t>(bits | word->second);
  }
  if ((bits & Notify::kNever) != 0 && bits != Notify::kNever) {
    return CommandError::ParameterMalformed;
  }
  rcpt.notify.bits = bits;
  return {};
}

// Writes what is not ASCII as "\x{HEX}": the form of a utf-8 address that is allowed everywhere
// (RFC 6533 section 3). REQUIRES: `text` is well-formed UTF-8
std::string embed_unicode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    if (first < 0x80) {
      result += static_cast<char>(first);
      continue;
    }
    std::uint32_t code = first >= 0xf0   ? first & 0x07u
                         : first >= 0xe0 ? first & 0x0fu
                                         : first & 0x1fu;
    for (; i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80; ++i) {
      code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
    }
    std::array<char, 8> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    result += "\\x{";
    std::transform(digits.data(), end, std::back_inserter(result), ascii::to_upper);
    result += '}';
  }
  return result;
}

bool is_address_type(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

Fault parse_orcpt(std::optional<std::string_view> value, ParseContext context, RcptCommand& rcpt) {
  if (!value || value->size() > kMaxOriginalRecipient) return CommandError::ParameterMalformed;
  const std::size_t semicolon = value->find(';');
  if (semicolon == std::string_view::npos) return CommandError::ParameterMalformed;
  const std::string_view type = value->substr(0, semicolon);
  const std::string_view address = value->substr(semicolon + 1);
  if (!is_address_type(type)) return CommandError::ParameterMalformed;
  std::optional<std::string> decoded;
  if (ascii::is_ascii(address)) {
    decoded = decode_printable(address);
  } else if (context.smtputf8 && ascii::equals_ignore_case(type, "utf-8") &&
             ascii::is_utf8(address)) {
    decoded = decode_printable(embed_unicode(address));
  }
  if (!decoded) return CommandError::ParameterMalformed;
  rcpt.original_recipient = std::string(type) + ";" + *decoded;
  return {};
}

// A parameter that this server knows, and a bit to see when it comes twice.
template <typename T>
struct Known {
  std::string_view keyword;
  Fault (*parse)(std::optional<std::string_view> value, T& command);
};

template <typename T, std::size_t N>
std::optional<ParameterFault> parse_parameters(std::string_view text,
                                               const std::array<Known<T>, N>& table, T& command) {
  std::array<bool, N> seen{};
  std::optional<ParameterFault> first;
  for (const std::string_view item : ascii::split(text, ' ')) {
    if (item.empty()) continue;
    Fault fault;
    const auto parameter = parse_parameter(item);
    const auto known = parameter
                           ? std::ranges::find_if(table,
                                                  [&](const Known<T>& candidate) {
                                                    return ascii::equals_ignore_case(
                                                        candidate.keyword, parameter->keyword);
                                                  })
                           : table.end();
    if (!parameter) {
      fault = CommandError::ParameterMalformed;
    } else if (known == table.end()) {
      fault = CommandError::ParameterUnknown;
    } else if (std::exchange(seen[static_cast<std::size_t>(known - table.begin())], true)) {
      fault = CommandError::ParameterDuplicate;
    } else {
      fault = known->parse(parameter->value, command);
    }
    if (fault && !first) first = ParameterFault{*fault, item};
  }
  return first;
}

constexpr std::array<Known<MailCommand>, 11> kMailParameters = {{
    {"SIZE", parse_size},
    {"BODY", parse_body},
    {"SMTPUTF8", parse_smtputf8},
    {"RET", parse_ret},
    {"ENVID", parse_envid},
    {"AUTH", parse_auth},
    {"HOLDFOR", parse_holdfor},
    {"HOLDUNTIL", parse_holduntil},
    {"BY", parse_by},
    {"MT-PRIORITY", parse_priority},
    {"REQUIRETLS", refuse_requiretls},
}};

constexpr std::array<Known<RcptCommand>, 2> kRcptParameters = {{
    {"NOTIFY", parse_notify},
    {"ORCPT", [](std::optional<std::string_view> value,
                 RcptCommand& rcpt) { return parse_orcpt(value, {}, rcpt); }},
}};

constexpr std::array<Known<RcptCommand>, 2> kRcptParametersUtf8 = {{
    {"NOTIFY", parse_notify},
    {"ORCPT", [](std::optional<std::string_view> value,
                 RcptCommand& rcpt) { return parse_orcpt(value, {.smtputf8 = true}, rcpt); }},
}};

}  // namespace

std::optional<ParameterFault> parse_mail_parameters(std::string_view text, MailCommand& mail) {
  return parse_parameters(text, kMailParameters, mail);
}

std::optional<ParameterFault> parse_rcpt_parameters(std::string_view text, ParseContext context,
                                                    RcptCommand& rcpt) {
  return parse_parameters(text, context.smtputf8 ? kRcptParametersUtf8 : kRcptParameters, rcpt);
}

}  // namespace signpost::smtp
