// A map of bounded size: when it is full, the least recently used entry makes room.
#pragma once

#include "base/check.h"

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace signpost {

// Hash for maps with string keys, to look up by any kind of string.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

// One thread. `Hash` takes whatever find() is called with; equal values have equal hashes. A
// pointer or reference to a value holds until its entry goes: the next insert() or at() may end it.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruMap {
 public:
  // 0: nothing is ever kept.
  explicit LruMap(std::size_t capacity) : capacity_(capacity) {}
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  // Null when there is no such entry; otherwise marks it as used.
  template <typename K>
  Value* find(const K& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    use(*found);
    return &(*found)->second;
  }

  // Replaces the entry of `key`, if there is one.
  void insert(Key key, Value value) {
    if (capacity_ == 0) return;
    at(std::move(key)) = std::move(value);
  }

  // The entry of `key`, made with a default value if there is none. REQUIRES: capacity > 0
  Value& at(Key key) {
    CHECK(capacity_ > 0);
    if (Value* const value = find(key)) return *value;
    if (index_.size() >= capacity_) drop(std::prev(entries_.end()));
    entries_.emplace_front(std::move(key), Value{});
    index_.insert(entries_.begin());
    return entries_.front().second;
  }

  template <typename K>
  bool erase(const K& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    drop(*found);
    return true;
  }

  // Calls `see(key, value)` for each entry, the least recently used first.
  template <typename See>
  void visit(See see) {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      see(std::as_const(entry->first), entry->second);
    }
  }

  std::size_t size() const { return index_.size(); }
  std::size_t capacity() const { return capacity_; }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  using Entry = typename Entries::iterator;

  // The index holds entries but is searched by key: so each key is stored once.
  struct HashOfEntry {
    using is_transparent = void;
    std::size_t operator()(Entry entry) const noexcept { return Hash{}(entry->first); }
    template <typename K>
    std::size_t operator()(const K& key) const noexcept {
      return Hash{}(key);
    }
  };
  struct SameKey {
    using is_transparent = void;
    bool operator()(Entry a, Entry b) const { return a->first == b->first; }
    template <typename K>
    bool operator()(Entry a, const K& b) const {
      return a->first == b;
    }
    template <typename K>
    bool operator()(const K& a, Entry b) const {
      return a == b->first;
    }
  };

  void use(Entry entry) { entries_.splice(entries_.begin(), entries_, entry); }
  void drop(Entry entry) {
    index_.erase(index_.find(entry));
    entries_.erase(entry);
  }

  const std::size_t capacity_;
  Entries entries_;  // the most recently used first
  std::unordered_set<Entry, HashOfEntry, SameKey> index_;
};

}  // namespace signpost
