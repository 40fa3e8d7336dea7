// What name servers said, for as long as it holds. Internal to dns/.
#pragma once

#include "base/clock.h"
#include "dns/mx.h"
#include "dns/resolver.h"
#include "net/address.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::dns {

struct Question {
  std::uint16_t type = 0;
  std::string name;  // canonical
  friend bool operator==(const Question&, const Question&) = default;
};

struct QuestionHash {
  std::size_t operator()(const Question& question) const noexcept {
    return std::hash<std::string>{}(question.name) * 31 + question.type;
  }
};

// What became of a question. Never changes once it is made.
struct Outcome {
  Status status = Status::Temporary;
  std::vector<MxHost> hosts;              // of MX, as the records gave them
  std::vector<net::IpAddress> addresses;  // of A and AAAA
  std::string detail;
  std::vector<std::string> texts{};  // of TXT
};

// Bounded: the least recently used entry goes first.
class Cache {
 public:
  explicit Cache(std::size_t capacity) : capacity_(capacity) {}

  // Null when it is not there or has expired.
  std::shared_ptr<const Outcome> find(const Question& question, SteadyTime now);
  void insert(const Question& question, std::shared_ptr<const Outcome> outcome, SteadyTime expires);
  std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    Question question;
    std::shared_ptr<const Outcome> outcome;
    SteadyTime expires;
  };
  using Entries = std::list<Entry>;

  const std::size_t capacity_;
  Entries entries_;  // the most recently used first
  std::unordered_map<Question, Entries::iterator, QuestionHash> index_;
};

}  // namespace signpost::dns
