#include "dns/response.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace signpost::dns {

namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kMaxWireName = 255;  // RFC 1035 section 2.3.4
constexpr int kMaxChain = 16;              // CNAMEs that are followed
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeSoa = 6;
constexpr std::uint16_t kClassIn = 1;

template <typename T>
using Parsed = std::expected<T, ResponseError>;
using Octets = std::span<const unsigned char>;

// Reads a message front to back. A name may point back into what precedes it.
class Reader {
 public:
  Reader(Octets message, std::size_t at, std::size_t end) : message_(message), at_(at), end_(end) {}
  explicit Reader(Octets message) : Reader(message, 0, message.size()) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return end_ - at_; }

  Parsed<std::uint16_t> u16() {
    if (left() < 2) return std::unexpected(ResponseError::Truncated);
    const unsigned value = (static_cast<unsigned>(message_[at_]) << 8) | message_[at_ + 1];
    at_ += 2;
    return static_cast<std::uint16_t>(value);
  }

  Parsed<std::uint32_t> u32() {
    const auto high = u16();
    if (!high) return std::unexpected(high.error());
    const auto low = u16();
    if (!low) return std::unexpected(low.error());
    return (static_cast<std::uint32_t>(*high) << 16) | *low;
  }

  Parsed<Octets> octets(std::size_t size) {
    if (left() < size) return std::unexpected(ResponseError::Truncated);
    const Octets taken = message_.subspan(at_, size);
    at_ += size;
    return taken;
  }

  Parsed<std::string> name();

 private:
  Octets message_;
  std::size_t at_;
  std::size_t end_;
};

// Escapes dots and unprintable octets inside a label, so that no label can pass for two.
void append_label(std::string& name, Octets label) {
  if (!name.empty()) name += '.';
  for (const unsigned char octet : label) {
    const char c = static_cast<char>(octet);
    if (octet > 0x20 && octet < 0x7f && c != '.' && c != '\\') {
      name += ascii::to_lower(c);
    } else {
      name += '\\';
      name += static_cast<char>('0' + octet / 100);
      name += static_cast<char>('0' + octet / 10 % 10);
      name += static_cast<char>('0' + octet % 10);
    }
  }
}

// A compression pointer must point before the part of the name that it ends (RFC 1035 section
// 4.1.4: "a prior occurrence"), so a chain of them ends.
Parsed<std::string> Reader::name() {
  std::string text;
  std::size_t at = at_;
  std::size_t end = end_;
  std::size_t part = at_;
  std::size_t wire_size = 1;
  bool jumped = false;
  for (;;) {
    if (at >= end) return std::unexpected(ResponseError::Truncated);
    const unsigned length = message_[at++];
    if (length == 0) break;
    if ((length & 0xc0U) == 0xc0U) {
      if (at >= end) return std::unexpected(ResponseError::Truncated);
      const std::size_t target = ((length & 0x3fU) << 8) | message_[at++];
      if (!jumped) at_ = at;
      jumped = true;
      if (target >= part) return std::unexpected(ResponseError::BadName);
      at = part = target;
      end = message_.size();
      continue;
    }
    wire_size += length + 1;
    if ((length & 0xc0U) != 0 || wire_size > kMaxWireName) {
      return std::unexpected(ResponseError::BadName);
    }
    if (end - at < length) return std::unexpected(ResponseError::Truncated);
    append_label(text, message_.subspan(at, length));
    at += length;
  }
  if (!jumped) at_ = at;
  return text;
}

struct Record {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0;  // where in the message
  std::size_t size = 0;
};

Parsed<Record> read_record(Reader& reader) {
  Record record;
  auto owner = reader.name();
  if (!owner) return std::unexpected(owner.error());
  record.owner = std::move(*owner);
  const auto type = reader.u16();
  const auto record_class = reader.u16();
  const auto ttl = reader.u32();
  const auto size = reader.u16();
  if (!type || !record_class || !ttl || !size) return std::unexpected(ResponseError::Truncated);
  record.type = *type;
  record.record_class = *record_class;
  // RFC 2181 section 8: a value with the top bit set counts as zero.
  record.ttl = *ttl > std::numeric_limits<std::int32_t>::max() ? 0 : *ttl;
  record.data = reader.at();
  record.size = *size;
  if (!reader.octets(*size)) return std::unexpected(ResponseError::Truncated);
  return record;
}

Parsed<std::vector<Record>> read_section(Reader& reader, std::size_t count) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    auto record = read_record(reader);
    if (!record) return std::unexpected(record.error());
    if (record->record_class == kClassIn) records.push_back(std::move(*record));
  }
  return records;
}

Reader data_of(Octets message, const Record& record) {
  return {message, record.data, record.data + record.size};
}

// A name that is the last field of a record's data and must end where the data ends.
Parsed<std::string> last_name(Reader& data) {
  auto name = data.name();
  if (!name && name.error() == ResponseError::Truncated) {
    return std::unexpected(ResponseError::BadRecord);
  }
  if (name && data.left() != 0) return std::unexpected(ResponseError::BadRecord);
  return name;
}

using AnyRecord = std::variant<MxHost, net::IpAddress, std::string, Alias, net::TlsaRecord>;

Parsed<AnyRecord> read_mx(Reader data) {
  const auto preference = data.u16();
  if (!preference) return std::unexpected(ResponseError::BadRecord);
  auto host = last_name(data);
  if (!host) return std::unexpected(host.error());
  return MxHost{*preference, std::move(*host)};
}

Parsed<AnyRecord> read_cname(Reader data) {
  auto name = last_name(data);
  if (!name) return std::unexpected(name.error());
  return Alias{std::move(*name)};
}

Parsed<AnyRecord> read_tlsa(Reader data) {
  const auto head = data.octets(3);
  if (!head) return std::unexpected(ResponseError::BadRecord);
  const Octets rest = *data.octets(data.left());
  return net::TlsaRecord{.usage = (*head)[0],
                         .selector = (*head)[1],
                         .matching = (*head)[2],
                         .data = {rest.begin(), rest.end()}};
}

template <std::size_t kSize>
std::optional<std::array<std::uint8_t, kSize>> exactly(Reader data) {
  if (data.left() != kSize) return {};
  const Octets octets = *data.octets(kSize);
  std::array<std::uint8_t, kSize> copy;
  std::ranges::copy(octets, copy.begin());
  return copy;
}

Parsed<AnyRecord> read_text(Reader data) {
  std::string text;
  while (data.left() != 0) {
    const std::size_t length = (*data.octets(1))[0];
    const auto string = data.octets(length);
    if (!string) return std::unexpected(ResponseError::BadRecord);
    text.append(string->begin(), string->end());
  }
  return text;
}

Parsed<AnyRecord> read_data(Octets message, const Record& record) {
  const Reader data = data_of(message, record);
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::Mx:
      return read_mx(data);
    case RecordType::Txt:
      return read_text(data);
    case RecordType::Cname:
      return read_cname(data);
    case RecordType::Tlsa:
      return read_tlsa(data);
    case RecordType::A:
      if (const auto v4 = exactly<4>(data)) return net::IpAddress::from_v4(*v4);
      break;
    case RecordType::Aaaa:
      if (const auto v6 = exactly<16>(data)) return net::IpAddress::from_v6(*v6);
      break;
  }
  return std::unexpected(ResponseError::BadRecord);
}

// REQUIRES: all records of one answer are of one kind
void append(Records& records, AnyRecord&& record) {
  std::visit(
      [&]<typename T>(T&& one) {
        using Set = std::vector<std::remove_cvref_t<T>>;
        if (!std::holds_alternative<Set>(records)) records.emplace<Set>();
        std::get<Set>(records).push_back(std::forward<T>(one));
      },
      std::move(record));
}

// Follows the CNAMEs that start at `name`, leaves the name at their end in it, and lowers `ttl` to
// the smallest of theirs.
std::optional<ResponseError> follow_chain(Octets message, const std::vector<Record>& records,
                                          std::string& name, std::uint32_t& ttl) {
  for (int followed = 0;; ++followed) {
    const auto alias = std::ranges::find_if(records, [&](const Record& record) {
      return record.type == kTypeCname && record.owner == name;
    });
    if (alias == records.end()) return {};
    if (followed == kMaxChain) return ResponseError::CnameLoop;
    Reader data = data_of(message, *alias);
    auto target = last_name(data);
    if (!target) return target.error();
    name = std::move(*target);
    ttl = std::min(ttl, alias->ttl);
  }
}

bool is_in_zone(std::string_view name, std::string_view zone) {
  if (zone.empty() || name == zone) return true;
  return name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

// How long "no" holds: the lesser of the SOA's own TTL and its MINIMUM field (RFC 2308 section 5).
// Only the SOA of a zone that `name` is in says so.
std::uint32_t negative_ttl(Octets message, const std::vector<Record>& authority,
                           std::string_view name) {
  for (const Record& record : authority) {
    if (record.type != kTypeSoa || !is_in_zone(name, record.owner)) continue;
    Reader data = data_of(message, record);
    if (!data.name() || !data.name() || !data.octets(16)) return 0;
    const auto minimum = data.u32();
    return minimum ? std::min(record.ttl, *minimum) : 0;
  }
  return 0;
}

}  // namespace

std::expected<Response, ResponseError> parse_response(std::span<const unsigned char> message,
                                                      RecordType type) {
  if (message.size() < kHeaderSize) return std::unexpected(ResponseError::Truncated);
  Reader reader(message);
  std::ignore =
      reader.u16();  // the identifier; the size check above covers all reads of the header
  const unsigned flags = *reader.u16();
  const std::size_t questions = *reader.u16();
  const std::size_t answers = *reader.u16();
  const std::size_t authorities = *reader.u16();
  std::ignore = reader.u16();  // additional records are not used

  Response response;
  response.rcode = static_cast<int>(flags & 0xfU);
  response.authenticated = (flags & 0x20U) != 0;
  response.truncated = (flags & 0x200U) != 0;
  if (questions == 0 && answers == 0)
    return response;  // an error that does not repeat the question
  if (questions != 1) return std::unexpected(ResponseError::BadRecord);

  auto name = reader.name();
  if (!name) return std::unexpected(name.error());
  if (!reader.octets(4)) return std::unexpected(ResponseError::Truncated);
  const auto records = read_section(reader, answers);
  if (!records) return std::unexpected(records.error());
  const auto authority = read_section(reader, authorities);
  if (!authority) return std::unexpected(authority.error());

  std::uint32_t ttl = std::numeric_limits<std::uint32_t>::max();
  const std::string asked = *name;
  if (type != RecordType::Cname) {
    if (const auto error = follow_chain(message, *records, *name, ttl)) {
      return std::unexpected(*error);
    }
  }
  if (*name != asked) response.canonical = *name;
  response.negative_ttl = negative_ttl(message, *authority, *name);
  for (const Record& record : *records) {
    if (record.type != static_cast<std::uint16_t>(type) || record.owner != *name) continue;
    auto data = read_data(message, record);
    if (!data) return std::unexpected(data.error());
    append(response.records, std::move(*data));
    ttl = std::min(ttl, record.ttl);
  }
  if (!std::holds_alternative<std::monostate>(response.records)) response.ttl = ttl;
  return response;
}

}  // namespace signpost::dns
