#include "base/byte_queue.h"

#include "base/check.h"
#include "base/secret_string.h"

#include <algorithm>
#include <cstring>

namespace signpost {

namespace {
constexpr std::size_t kSmallest = 512;
}

void ByteQueue::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::span<char> room = prepare(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

std::span<char> ByteQueue::prepare(std::size_t size) {
  if (capacity_ - end_ < size) {
    const std::size_t used = end_ - begin_;
    if (capacity_ - used >= size && begin_ >= used) {
      // The free front half is large enough: moving costs no more than what was consumed.
      std::memcpy(data_.get(), data_.get() + begin_, used);
      wipe({data_.get() + begin_, used});
    } else {
      const std::size_t grown = std::max({kSmallest, capacity_ * 2, used + size});
      auto larger = std::make_unique_for_overwrite<char[]>(grown);
      if (used != 0) std::memcpy(larger.get(), data_.get() + begin_, used);
      wipe({data_.get() + begin_, used});
      data_ = std::move(larger);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = used;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void ByteQueue::commit(std::size_t size) {
  CHECK(size <= capacity_ - end_);
  end_ += size;
}

void ByteQueue::consume(std::size_t size) {
  CHECK(size <= this->size());
  begin_ += size;
  if (begin_ == end_) clear();
}

void ByteQueue::consume_secret(std::size_t size) {
  CHECK(size <= this->size());
  wipe({data_.get() + begin_, size});
  consume(size);
}

void ByteQueue::release() {
  if (!empty()) return;
  data_.reset();
  capacity_ = 0;
  clear();
}

}  // namespace signpost
