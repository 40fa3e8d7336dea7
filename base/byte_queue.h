// A first-in first-out queue of bytes whose content is always one contiguous view: what a
// connection has read and not yet understood, or has to write and not yet written.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace signpost {

// Belongs to one thread. Views are valid until the next call that is not const. Octets that move
// within it leave no copy behind, so that one call can erase a client's password.
class ByteQueue {
 public:
  ByteQueue() = default;

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }

  void append(std::string_view bytes);

  // Room for at least `size` more bytes at the end; what was written there joins the queue with
  // commit(). For read(2) straight into the queue.
  std::span<char> prepare(std::size_t size);
  void commit(std::size_t size);  // REQUIRES: size <= what prepare() returned

  void consume(std::size_t size);         // REQUIRES: size <= this->size()
  void consume_secret(std::size_t size);  // the same, and overwrites them
  void clear() { begin_ = end_ = 0; }

  // Gives the memory of an empty queue back, so that an idle session costs little.
  void release();

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace signpost
