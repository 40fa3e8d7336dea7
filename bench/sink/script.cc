#include "bench/sink/script.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace signpost::bench {

ScriptedRecipient scripted(std::string_view address) {
  static constexpr std::array<std::pair<std::string_view, Misdeed>, 6> kWords = {{
      {"tempfail", Misdeed::TempFail},
      {"bounce", Misdeed::Bounce},
      {"datafail", Misdeed::DataFail},
      {"databounce", Misdeed::DataBounce},
      {"dropdot", Misdeed::DropDot},
      {"tarpit", Misdeed::Tarpit},
  }};
  for (const auto& [word, misdeed] : kWords) {
    if (!ascii::starts_with_ignore_case(address, word)) continue;
    const std::string_view rest = address.substr(word.size());
    ScriptedRecipient recipient{misdeed, 0};
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), recipient.number);
    if (error == std::errc::result_out_of_range) continue;
    if (end != rest.data() + rest.size() && *end == '-') return recipient;
  }
  return {};
}

bool Attempts::among_first(std::string_view address, unsigned limit) {
  if (limit == 0) return true;
  const MutexLock lock(mutex_);
  if (tries_.size() >= kMaxAddresses) return false;
  return ++tries_[ascii::lower(address)] <= limit;
}

bool Script::chance(double part) {
  if (part <= 0) return false;
  return static_cast<double>(random_() >> 11) * 0x1.0p-53 < part;
}

Script::RecipientFate Script::recipient(std::string_view address) {
  const ScriptedRecipient recipient = scripted(address);
  if (recipient.misdeed == Misdeed::Bounce) return {550, "5.1.1"};
  if (recipient.misdeed == Misdeed::TempFail && attempts_.among_first(address, recipient.number)) {
    return {451, "4.3.0"};
  }
  for (const Share& share : {options_.refuse_recipient, options_.defer_recipient}) {
    if (chance(share.part)) return {share.code, share.code >= 500 ? "5.7.1" : "4.7.1"};
  }
  return {};
}

void Script::data(std::string_view address, DataFate& fate) {
  const ScriptedRecipient recipient = scripted(address);
  switch (recipient.misdeed) {
    case Misdeed::DataFail:
      if (attempts_.among_first(address, recipient.number) && fate.code < 500) {
        fate.code = 451;
        fate.status = "4.3.0";
      }
      return;
    case Misdeed::DataBounce:
      fate.code = 554;
      fate.status = "5.6.0";
      return;
    case Misdeed::DropDot:
      if (attempts_.among_first(address, recipient.number)) fate.drop = true;
      return;
    case Misdeed::Tarpit:
      fate.delay = std::max<std::chrono::milliseconds>(
          fate.delay,
          std::chrono::seconds(recipient.number == 0 ? 5 : std::min(recipient.number, 3600u)));
      return;
    case Misdeed::None:
    case Misdeed::TempFail:
    case Misdeed::Bounce:
      return;
  }
}

void Script::data(DataFate& fate) {
  for (const Share& share : {options_.refuse_data, options_.defer_data}) {
    if (fate.code == 250 && chance(share.part)) {
      fate.code = share.code;
      fate.status = share.code >= 500 ? "5.7.1" : "4.7.1";
    }
  }
  if (chance(options_.drop_after_dot)) fate.drop = true;
  if (options_.delay.count() > 0 && chance(options_.delay_share)) {
    fate.delay = std::max(fate.delay, options_.delay);
  }
}

}  // namespace signpost::bench
