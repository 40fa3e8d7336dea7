// The content of one transaction after another as a server receives it: after DATA up to its final
// dot (RFC 5321 section 4.1.1.4), or in chunks of known size (RFC 3030 section 2).
// Binary content (RFC 3030 section 3) goes to the sink as it came, any other as MailDataDecoder
// says.
//
// Content that is refused is read to its end all the same: only then does the client read replies,
// and what follows a chunk is the next command.
#pragma once

#include "base/byte_queue.h"
#include "base/byte_sink.h"
#include "smtp/command.h"
#include "smtp/mail_data.h"
#include "smtp/reply.h"
#include "smtp/server_policy.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace signpost::smtp {

class ContentReceiver {
 public:
  // `policy` must outlive it; `size_limit` in octets of content.
  ContentReceiver(ServerPolicy& policy, std::size_t size_limit)
      : policy_(policy), size_limit_(size_limit) {}

  // Asks the policy for a sink, for the mail data that follows. Its refusal: nothing follows.
  std::optional<Reply> begin_data();
  // Takes mail data from the front of `in`; true at its end.
  bool take_data(ByteQueue& in);

  // A BDAT whose octets follow, to be swallowed when there is an `obstacle`. The first one asks the
  // policy for a sink; a 421 is returned and nothing follows, any other refusal waits for the
  // chunk's end.
  std::optional<Reply> begin_chunk(const BdatCommand& bdat, Body body,
                                   std::optional<DialogRefusal> obstacle);
  // Takes what is there of the chunk; true at its end.
  bool take_chunk(ByteQueue& in);
  // How the chunk ended. With a refusal the transaction is over: later chunks must not be taken for
  // a whole message.
  struct ChunkEnd {
    bool last = false;
    std::optional<DialogRefusal> refusal{};
    std::optional<Reply> policy_refusal{};  // which the policy knows of

    bool refused() const { return refusal || policy_refusal; }
  };
  ChunkEnd end_chunk();  // REQUIRES: take_chunk() returned true

  // Why the content is refused. Of two faults the same one is reported, whichever came first and
  // however the content was split.
  std::optional<DialogRefusal> refusal() const;
  // The policy cannot hold more: refused with `reply`, unless a fault is found too.
  void give_up(Reply reply);

  // Has the policy discard the transaction, once.
  void discard();
  // The transaction is over. What is said of its content stays until the next one begins.
  void end();

  bool in_chunks() const { return in_chunks_; }  // a chunk was taken, and the last one is to come
  const MailDataDecoder& decoder() const { return decoder_; }
  std::size_t size() const { return size_; }  // octets of content, also of what is refused

 private:
  class Sink;
  struct Chunk {
    Chunk(std::uint64_t size, bool last, std::optional<DialogRefusal> obstacle)
        : left(size), end{.last = last, .refusal = std::move(obstacle)} {}

    std::uint64_t left;  // octets
    ChunkEnd end;
  };

  std::optional<Reply> begin(Body body);
  void decode_chunk(std::string_view octets);

  ServerPolicy& policy_;
  std::size_t size_limit_;

  bool binary_ = false;
  MailDataDecoder decoder_;
  ByteSink* sink_ = nullptr;  // the policy's; null while content is swallowed
  std::size_t size_ = 0;
  bool discarded_ = false;  // of a message that will be refused at its end
  // Apart, as most sessions have none at a time.
  std::unique_ptr<Reply> given_up_;  // why the policy refuses it
  std::unique_ptr<Chunk> chunk_;     // under way
  bool in_chunks_ = false;
};

}  // namespace signpost::smtp
