#include "sendmail/invocation.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::sendmail {

namespace {

constexpr std::size_t kLongestEnvelopeId = 100;  // RFC 3461 section 4.4

using Done = std::expected<void, std::string>;

std::unexpected<std::string> wrong(std::string_view what, std::string_view text,
                                   std::string_view why) {
  std::string message(what);
  message.append(" ").append(ascii::printable(text, 100)).append(": ").append(why);
  return std::unexpected(std::move(message));
}

// "a@b.example", "<a@b.example>", "Name <a@b.example>", "www-data", "<>".
std::string address_in(std::string_view text) {
  text = ascii::trim(text);
  if (text.starts_with('<') && text.ends_with('>'))
    return std::string(text.substr(1, text.size() - 2));
  const std::size_t open = text.rfind('<');
  if (open != std::string_view::npos && text.ends_with('>')) {
    return std::string(text.substr(open + 1, text.size() - open - 2));
  }
  return std::string(text);
}

Done set_notify(std::string_view text, smtp::Notify& notify) {
  notify = {};
  for (const std::string_view word : ascii::split(text, ',')) {
    const std::string name = ascii::lower(ascii::trim(word));
    if (name == "success")
      notify.bits |= smtp::Notify::kSuccess;
    else if (name == "failure")
      notify.bits |= smtp::Notify::kFailure;
    else if (name == "delay")
      notify.bits |= smtp::Notify::kDelay;
    else if (name == "never")
      notify.bits |= smtp::Notify::kNever;
    else
      return wrong("-N", text, "expected never, or success, failure and delay with commas");
  }
  if ((notify.bits & smtp::Notify::kNever) != 0 && notify.bits != smtp::Notify::kNever) {
    return wrong("-N", text, "never excludes the others");
  }
  return {};
}

Done set_return(std::string_view text, smtp::Return& ret) {
  const std::string name = ascii::lower(text);
  if (name != "full" && name != "hdrs") return wrong("-R", text, "expected full or hdrs");
  ret = name == "full" ? smtp::Return::Full : smtp::Return::Headers;
  return {};
}

Done set_mode(std::string_view text, Mode& mode) {
  if (text == "m")
    mode = Mode::Deliver;
  else if (text == "s")
    mode = Mode::Session;
  else if (text == "p")
    mode = Mode::PrintQueue;
  else if (text == "i")
    mode = Mode::InitAliases;
  else
    return wrong("-b", text, "not supported; signpost serve is the server");
  return {};
}

// Others' modes mean nothing here, and are passed over as their options are.
void set_errors(std::string_view mode, ErrorMode& errors) {
  if (mode == "p") errors = ErrorMode::Print;
  if (mode == "m" || mode == "w") errors = ErrorMode::Mail;
  if (mode == "e") errors = ErrorMode::MailAndSucceed;
  if (mode == "q") errors = ErrorMode::Quiet;
}

Done set(char option, std::string_view value, Invocation& call) {
  switch (option) {
    case 'b':
      return set_mode(value, call.mode);
    case 'C':
      call.config_file = value;
      return {};
    case 'F':
      std::erase_if(call.full_name.emplace(value), ascii::is_control);
      return {};
    case 'f':
    case 'r':
      call.sender = address_in(value);
      return {};
    case 'N':
      return set_notify(value, call.notify);
    case 'R':
      return set_return(value, call.ret);
    case 'V':
      if (value.size() > kLongestEnvelopeId || std::ranges::any_of(value, ascii::is_control)) {
        return wrong("-V", value, "expected at most 100 printable octets");
      }
      call.envelope_id = value;
      return {};
    case 'e':
      set_errors(value, call.errors);
      return {};
    case 'o':
      if (value.starts_with('e')) set_errors(ascii::trim(value.substr(1)), call.errors);
      if (value == "i" || value.starts_with("i ")) call.dot_is_text = true;
      if (value == "t") call.recipients_from_header = true;
      return {};
    default:
      return {};
  }
}

void set_flag(char flag, Invocation& call) {
  if (flag == 'i') call.dot_is_text = true;
  if (flag == 't') call.recipients_from_header = true;
}

constexpr std::string_view kFlags = "cGIimnstUvx";
// -A, -B, -D, -h, -L, -M, -O, -p and -X mean nothing here.
constexpr std::string_view kValued = "ABbCDeFfhLMNOopRrVX";
constexpr std::string_view kOptionallyValued = "dq";  // the value is joined, if there is one

}  // namespace

std::expected<Invocation, std::string> parse_invocation(std::span<const std::string_view> words) {
  Invocation call;
  while (!words.empty()) {
    std::string_view word = words.front();
    if (word == "--") {
      words = words.subspan(1);
      break;
    }
    if (word.size() < 2 || word.front() != '-') break;
    words = words.subspan(1);
    for (word.remove_prefix(1); !word.empty();) {
      const char option = word.front();
      word.remove_prefix(1);
      if (kFlags.contains(option)) {
        set_flag(option, call);
        continue;
      }
      if (kOptionallyValued.contains(option)) {
        if (option == 'q') call.mode = Mode::RunQueue;
        break;
      }
      if (!kValued.contains(option)) {
        return wrong("option", std::string("-") + option, "unknown");
      }
      if (word.empty() && words.empty()) {
        return wrong("option", std::string("-") + option, "needs a value");
      }
      std::string_view value = word;
      if (word.empty()) {
        value = words.front();
        words = words.subspan(1);
      }
      if (auto done = set(option, value, call); !done) return std::unexpected(done.error());
      break;
    }
  }
  for (const std::string_view word : words) call.recipients.push_back(address_in(word));
  return call;
}

}  // namespace signpost::sendmail
