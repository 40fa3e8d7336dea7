// DNS messages written by hand, with the numbers of the RFCs rather than those of the code.
#pragma once

#include "base/ascii.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace signpost::dns {

inline constexpr unsigned kTypeA = 1, kTypeCname = 5, kTypeMx = 15, kTypeTxt = 16, kTypeAaaa = 28,
                          kTypeTlsa = 52;
inline constexpr unsigned kFlagAd = 0x20;

inline std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline std::string u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

inline std::string wire_name(std::string_view name) {
  std::string wire;
  if (!name.empty()) {
    for (const std::string_view label : ascii::split(name, '.')) {
      wire += static_cast<char>(label.size());
      wire += label;
    }
  }
  return wire + '\0';
}

inline std::string pointer(unsigned offset) { return u16(0xc000 | offset); }

// Sections are added in the order of the message.
class Packet {
 public:
  static constexpr unsigned kQuestionName = 12;  // its offset

  explicit Packet(std::string_view question, unsigned type) {
    body_ = wire_name(question) + u16(type) + u16(1);
  }
  Packet& rcode(unsigned value) { return flags_ = (flags_ & ~0xfU) | value, *this; }
  Packet& flag(unsigned bit) { return flags_ |= bit, *this; }
  Packet& id(unsigned value) { return id_ = value, *this; }

  // `owner` in wire form.
  Packet& answer(const std::string& owner, unsigned type, std::uint32_t ttl,
                 const std::string& data, unsigned record_class = 1) {
    ++answers_;
    return record(owner, type, ttl, data, record_class);
  }
  Packet& authority(const std::string& owner, unsigned type, std::uint32_t ttl,
                    const std::string& data) {
    ++authorities_;
    return record(owner, type, ttl, data, 1);
  }
  Packet& soa(std::uint32_t ttl, std::uint32_t minimum) {
    return authority(wire_name("example"), 6, ttl,
                     wire_name("ns.example") + wire_name("admin.example") + u32(1) + u32(2) +
                         u32(3) + u32(4) + u32(minimum));
  }

  std::size_t size() const { return 12 + body_.size(); }
  std::string bytes() const {
    return u16(id_) + u16(flags_) + u16(1) + u16(answers_) + u16(authorities_) + u16(0) + body_;
  }

 private:
  Packet& record(const std::string& owner, unsigned type, std::uint32_t ttl,
                 const std::string& data, unsigned record_class) {
    body_ += owner + u16(type) + u16(record_class) + u32(ttl) +
             u16(static_cast<unsigned>(data.size())) + data;
    return *this;
  }
  unsigned id_ = 0;
  unsigned flags_ = 0x8180;
  unsigned answers_ = 0;
  unsigned authorities_ = 0;
  std::string body_;
};

}  // namespace signpost::dns
