#include "admin/queue_request.h"

#include "base/ascii.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxLimit = 1000;

Failure wrong(std::string detail) { return fail(Errc::InvalidArgument, std::move(detail)); }

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const char* end = text.data() + i + 2;
    const auto [stop, error] = std::from_chars(text.data() + i, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

// --- one key each -------------------------------------------------------------------------------

Result<queue::MessageId> read_message(std::string_view value) {
  const auto id = queue::MessageId::parse(value);
  if (!id) return fail(Errc::NotFound, ascii::printable(value) + " is not a queue ID");
  return *id;
}

// The value of a member that is written as a pattern, an ID, …
template <typename T, Result<T> (*Parse)(std::string_view), auto Member>
Result<void> read_member(std::string_view value, QueueRequest& request) {
  auto parsed = Parse(value);
  if (!parsed) return Failure(std::move(parsed).error());
  request.filter.jobs.*Member = std::move(*parsed);
  return {};
}

Result<void> read_from(std::string_view value, QueueRequest& request) {
  if (value != "<>") {
    return read_member<queue::AddressPattern, queue::AddressPattern::parse,
                       &queue::JobFilter::from>(value, request);
  }
  request.filter.jobs.from_null = true;
  return {};
}

Result<void> read_state(std::string_view value, QueueRequest& request) {
  constexpr std::array<std::string_view, 5> kStates{"ready", "active", "deferred", "scheduled",
                                                    "held"};
  if (std::ranges::find(kStates, value) == kStates.end()) {
    return wrong("expected ready, active, deferred, scheduled or held");
  }
  request.filter.state = value;
  return {};
}

Result<void> read_limit(std::string_view value, QueueRequest& request) {
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, request.limit);
  if (error != std::errc() || end != last || request.limit == 0 || request.limit > kMaxLimit) {
    return wrong(fmt::format("expected a number from 1 to {}", kMaxLimit));
  }
  return {};
}

Result<void> read_after(std::string_view value, QueueRequest& request) {
  auto cursor = from_hex(value);
  if (!cursor) return wrong("expected the value of `next` in the previous answer");
  request.after = std::move(*cursor);
  return {};
}

Result<void> read_all(std::string_view, QueueRequest& request) {
  request.all = true;
  return {};
}

Result<void> read_site(std::string_view value, QueueRequest& request) {
  request.filter.site = value;
  return {};
}

Result<void> read_tenant(std::string_view value, QueueRequest& request) {
  request.filter.tenant = value;
  return {};
}

// It becomes part of a reply, which is one line, and of a notification.
Result<void> read_reason(std::string_view value, QueueRequest& request) {
  constexpr std::size_t kLongest = 500;
  if (value.size() > kLongest || std::ranges::any_of(value, ascii::is_control) ||
      !ascii::is_ascii(value)) {
    return wrong(fmt::format("expected one line of at most {} ASCII characters", kLongest));
  }
  request.reason = value;
  return {};
}

Result<void> read_via(std::string_view value, QueueRequest& request) {
  request.via = value;
  return {};
}

Result<void> read_clear(std::string_view, QueueRequest& request) {
  request.clear = true;
  return {};
}

struct Key {
  std::string_view name;
  Result<void> (*read)(std::string_view value, QueueRequest& request);
};

using queue::JobFilter;
constexpr Key kId{"id", read_member<queue::MessageId, read_message, &JobFilter::id>};
constexpr Key kTo{"to",
                  read_member<queue::AddressPattern, queue::AddressPattern::parse, &JobFilter::to>};
constexpr Key kFrom{"from", read_from};
constexpr Key kUser{
    "user", read_member<queue::LoginPattern, queue::LoginPattern::parse, &JobFilter::login>};
constexpr Key kUntil{"until", read_member<queue::MessageId, read_message, &JobFilter::until>};
constexpr Key kAfter{"after", read_after};
constexpr Key kState{"state", read_state};
constexpr Key kLimit{"limit", read_limit};
constexpr Key kAll{"all", read_all};
constexpr Key kSite{"site", read_site};
constexpr Key kTenant{"tenant", read_tenant};
constexpr Key kReason{"reason", read_reason};
constexpr Key kVia{"via", read_via};
constexpr Key kClear{"clear", read_clear};

constexpr std::array kSummaryKeys{kId, kTo, kFrom, kUser, kSite, kTenant, kUntil, kAfter, kState};
constexpr std::array kListingKeys{kId,     kTo,    kFrom,  kUser,  kSite,
                                  kTenant, kUntil, kAfter, kState, kLimit};
constexpr std::array kChangeKeys{kId, kTo, kFrom, kUser, kSite, kTenant, kUntil, kAfter, kAll};
constexpr std::array kBounceKeys{kId,     kTo,    kFrom,  kUser, kSite,
                                 kTenant, kUntil, kAfter, kAll,  kReason};
constexpr std::array kRedirectionKeys{kId,    kTo,    kFrom, kUser, kSite, kTenant,
                                      kUntil, kAfter, kAll,  kVia,  kClear};

// Members that are true, and not strings.
bool is_flag(std::string_view name) { return name == kAll.name || name == kClear.name; }

std::string names_of(std::span<const Key> keys) {
  std::string names;
  for (const Key& key : keys) names.append(names.empty() ? "" : ", ").append(key.name);
  return names;
}

// --- a whole request ----------------------------------------------------------------------------

// An empty value, as from a variable that is not set, would select more than was meant. At the
// start of a listing there is no previous page.
Result<void> read_pair(std::span<const Key> keys, std::string_view name, std::string_view value,
                       QueueRequest& request) {
  const auto key = std::ranges::find(keys, name, &Key::name);
  if (key == keys.end()) {
    return wrong(
        fmt::format("unknown key {}; expected {}", ascii::printable(name), names_of(keys)));
  }
  if (value.empty() && name != kAfter.name) {
    return wrong(fmt::format("{} is empty; leave it out to select all{}", name,
                             name == "from" ? ", or write <> for the null reverse-path" : ""));
  }
  auto read = key->read(value, request);
  if (!read && read.error().code == Errc::InvalidArgument) {
    return wrong(fmt::format("{}: {}", name, read.error().detail));
  }
  return read;
}

Result<QueueRequest> read_pairs(std::span<const Key> keys, const HttpRequest::Pairs& pairs) {
  QueueRequest request;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : pairs) {
    if (!seen.insert(name).second) {
      return wrong(fmt::format("{} is given twice", ascii::printable(name)));
    }
    if (auto read = read_pair(keys, name, value, request); !read) {
      return Failure(std::move(read).error());
    }
  }
  return request;
}

// The members of a JSON object, each time they occur: of two with one name, the library keeps
// the last.
class Members : public nlohmann::json_sax<Json> {
 public:
  const HttpRequest::Pairs& pairs() const { return pairs_; }
  const std::string& wrong_member() const { return wrong_member_; }

  bool start_object(std::size_t) override { return depth_++ == 0; }
  bool end_object() override { return true; }
  bool key(std::string& name) override {
    name_ = name;
    return true;
  }
  bool string(std::string& value) override {
    if (is_flag(name_)) return fails("true");
    return add(value);
  }
  bool boolean(bool value) override {
    if (!value || !is_flag(name_)) return fails(is_flag(name_) ? "true" : "a string");
    return add("true");
  }
  bool null() override { return fails("a string"); }
  bool number_integer(std::int64_t) override { return fails("a string"); }
  bool number_unsigned(std::uint64_t) override { return fails("a string"); }
  bool number_float(double, const std::string&) override { return fails("a string"); }
  bool binary(binary_t&) override { return fails("a string"); }
  bool start_array(std::size_t) override { return fails("a string"); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool add(std::string value) {
    pairs_.emplace_back(name_, std::move(value));
    return depth_ == 1;
  }
  bool fails(std::string_view expected) {
    if (depth_ > 0)
      wrong_member_ = fmt::format("{}: expected {}", ascii::printable(name_), expected);
    return false;
  }

  int depth_ = 0;
  std::string name_;
  HttpRequest::Pairs pairs_;
  std::string wrong_member_;
};

constexpr std::string_view kWhatAChangeNeeds =
    "expected a JSON object with id, to, from, user, site or tenant, or with \"all\": true";

Result<QueueRequest> read_object(const HttpRequest& request, std::span<const Key> keys) {
  if (!request.query.empty()) return wrong("expected no parameters beside the JSON object");
  Members members;
  if (!Json::sax_parse(request.body, &members)) {
    return wrong(members.wrong_member().empty() ? std::string(kWhatAChangeNeeds)
                                                : members.wrong_member());
  }
  auto read = read_pairs(keys, members.pairs());
  if (!read) return read;
  const QueueFilter& filter = read->filter;
  const queue::JobFilter& jobs = filter.jobs;
  const bool selects = jobs.id || jobs.to || jobs.from || jobs.from_null || jobs.login ||
                       !filter.site.empty() || !filter.tenant.empty();
  // Nothing would mean the whole queue, which must not happen by mistake.
  if (!selects && !read->all) return wrong(std::string(kWhatAChangeNeeds));
  if (selects && read->all) return wrong("\"all\" and a filter contradict each other");
  return read;
}

}  // namespace

Result<QueueRequest> read_listing(const HttpRequest& request) {
  return read_pairs(kListingKeys, request.query);
}

Result<QueueRequest> read_summary(const HttpRequest& request) {
  return read_pairs(kSummaryKeys, request.query);
}

Result<QueueRequest> read_change(const HttpRequest& request) {
  return read_object(request, kChangeKeys);
}

Result<QueueRequest> read_bounce(const HttpRequest& request) {
  return read_object(request, kBounceKeys);
}

Result<QueueRequest> read_redirection(const HttpRequest& request) {
  auto read = read_object(request, kRedirectionKeys);
  if (read && read->via.empty() != read->clear) {
    return wrong("expected either via or \"clear\": true");
  }
  return read;
}

std::string cursor_text(const queue::Cursor& cursor) {
  std::string text;
  for (const char c : cursor) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace signpost::admin
