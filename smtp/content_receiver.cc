#include "smtp/content_receiver.h"

#include "base/check.h"
#include "smtp/server_replies.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace signpost::smtp {

// Counts the content, and passes on what the limit allows while a sink takes it.
class ContentReceiver::Sink final : public ByteSink {
 public:
  explicit Sink(ContentReceiver& receiver) : receiver_(receiver) {}
  void append(std::string_view piece) override {
    receiver_.size_ += piece.size();
    if (receiver_.sink_ == nullptr || receiver_.size_ > receiver_.size_limit_) return;
    receiver_.sink_->append(piece);
  }

 private:
  ContentReceiver& receiver_;
};

std::optional<Reply> ContentReceiver::begin(Body body) {
  auto sink = policy_.on_data();
  if (!sink) return std::move(sink).error();
  CHECK(*sink != nullptr);
  sink_ = *sink;
  binary_ = body == Body::BinaryMime;
  decoder_ = {};
  size_ = 0;
  return {};
}

std::optional<Reply> ContentReceiver::begin_data() { return begin(Body::EightBitMime); }

bool ContentReceiver::take_data(ByteQueue& in) {
  Sink sink(*this);
  in.consume(decoder_.decode(in.view(), sink));
  if (refusal()) discard();
  return decoder_.at_end();
}

std::optional<Reply> ContentReceiver::begin_chunk(const BdatCommand& bdat, Body body,
                                                  std::optional<DialogRefusal> obstacle) {
  chunk_ = std::make_unique<Chunk>(bdat.size, bdat.last, std::move(obstacle));
  if (chunk_->end.refusal || in_chunks_) return {};
  auto refusal = begin(body);
  if (refusal && refusal->code == 421) return refusal;
  in_chunks_ = !refusal;
  chunk_->end.policy_refusal = std::move(refusal);
  return {};
}

bool ContentReceiver::take_chunk(ByteQueue& in) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), chunk_->left));
  chunk_->left -= size;
  if (!chunk_->end.refused()) {
    decode_chunk(in.view().substr(0, size));
    if (refusal()) discard();
  }
  in.consume(size);
  return chunk_->left == 0;
}

void ContentReceiver::decode_chunk(std::string_view octets) {
  Sink sink(*this);
  if (binary_) return sink.append(octets);
  decoder_.decode_chunk(octets, sink);
  if (chunk_->left == 0 && chunk_->end.last) decoder_.end_chunks(sink);
}

ContentReceiver::ChunkEnd ContentReceiver::end_chunk() {
  CHECK(chunk_ && chunk_->left == 0);
  ChunkEnd ended = std::exchange(chunk_, nullptr)->end;
  if (!ended.refused()) ended.refusal = refusal();
  return ended;
}

std::optional<DialogRefusal> ContentReceiver::refusal() const {
  if (decoder_.saw_bare_cr() || decoder_.saw_nul()) {
    return DialogRefusal{RefusalKind::Content, {554, {5, 6, 0}, "Bare CR or NUL in the message"}};
  }
  if (size_ > size_limit_)
    return DialogRefusal{RefusalKind::Size, server_replies::too_big(size_limit_)};
  if (given_up_) return DialogRefusal{RefusalKind::GivenUp, *given_up_, false};
  return {};
}

void ContentReceiver::give_up(Reply reply) {
  given_up_ = std::make_unique<Reply>(std::move(reply));
  discard();
}

void ContentReceiver::discard() {
  if (discarded_) return;
  discarded_ = true;
  sink_ = nullptr;
  policy_.discard();
}

void ContentReceiver::end() {
  sink_ = nullptr;
  discarded_ = false;
  given_up_.reset();
  in_chunks_ = false;
}

}  // namespace signpost::smtp
