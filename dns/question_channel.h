// The way to the name servers and back. Internal to dns/.
#pragma once

#include "base/result.h"
#include "dns/question.h"
#include "dns/resolver_options.h"
#include "net/address.h"
#include "net/loop.h"

#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace signpost::metrics {
class Registry;
}

namespace signpost::dns {

// The loop's thread only. A question goes to one server after the other until one of them answers,
// and over TCP when the answer does not fit a datagram; a question that
// fails affects no other. Servers that are silent are asked last for a while (server_order.h). What
// keeps forged
// answers out: each question has a random identifier, port and spelling; an answer that does not
// repeat them is ignored, and one that differs in its spelling alone makes the question go over
// TCP. Destroying it drops what is under way: no callback runs after that.
class QuestionChannel {
 public:
  // A whole response as it came, valid during the call; or why there is none.
  using Response = std::expected<std::span<const unsigned char>, std::string>;
  // Called once, possibly from within send(), and may send(). Must not destroy the channel.
  using Done = std::move_only_function<void(const Response&)>;

  static Result<std::unique_ptr<QuestionChannel>> open(net::Loop& loop,
                                                       const ResolverOptions& options,
                                                       metrics::Registry& registry);
  ~QuestionChannel();
  QuestionChannel(const QuestionChannel&) = delete;
  QuestionChannel& operator=(const QuestionChannel&) = delete;

  // REQUIRES: the name is canonical (name.h)
  void send(const Question& question, Done done);

  // The servers that are asked, from the options or from /etc/resolv.conf.
  const std::vector<net::SocketAddress>& servers() const;

 private:
  struct Impl;
  explicit QuestionChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::dns
