// A password on its way from the client to the hash.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace signpost {

// Overwrites octets that are not read again, which a compiler would leave out of a plain memset().
void wipe(std::span<char> octets);

// Octets that are overwritten on destruction, so that no copy stays in freed memory or in a core
// dump. Moved, never copied; on the heap also when short, so that a move leaves nothing behind.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string_view text);
  // Zeros, to be filled through octets().
  static SecretString of_size(std::size_t size);
  ~SecretString() { wipe(octets()); }
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;

  std::string_view view() const { return {octets_.get(), size_}; }
  std::span<char> octets() { return {octets_.get(), size_}; }
  bool empty() const { return size_ == 0; }
  void shorten(std::size_t size);  // REQUIRES: not more than it has

 private:
  std::unique_ptr<char[]> octets_;
  std::size_t size_ = 0;
};

}  // namespace signpost
