// A resolver that knows what a test tells it, and its loop.
#pragma once

#include "dns/resolver.h"
#include "net/loop.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::test {

// Questions wait until answer_all(), in the order of asking unless `newest_first`. What it was not
// told does not exist.
class ScriptedResolver final : public dns::Resolver {
 public:
  dns::QueryHandle ask(const dns::Question& question,
                       std::function<void(const dns::Answer&)> done) override {
    asked.push_back(question.name);
    auto query = std::make_unique<WaitingQuery>();
    waiting_.push_back({question, query->done, std::move(done)});
    return query;
  }
  std::size_t cache_size() const override { return 0; }
  bool trusts_validation() const override { return validates; }

  void knows(dns::RecordType type, const std::string& name, dns::Records records,
             bool authenticated = false) {
    answers_[{type, name}] = {
        .status = dns::Status::Ok, .authenticated = authenticated, .records = std::move(records)};
  }
  void knows_address(const std::string& host, const std::string& address,
                     bool authenticated = false) {
    const auto parsed = net::IpAddress::parse(address).value();
    knows(parsed.is_v6() ? dns::RecordType::Aaaa : dns::RecordType::A, host, dns::Addresses{parsed},
          authenticated);
    const auto other = parsed.is_v6() ? dns::RecordType::A : dns::RecordType::Aaaa;
    answers_.try_emplace({other, host}, dns::Answer{.status = dns::Status::NoData});
  }
  // The addresses of `host` are those of another name.
  void is_alias(const std::string& host, const std::string& canonical) {
    for (const auto type : {dns::RecordType::A, dns::RecordType::Aaaa}) {
      answers_[{type, host}].canonical = canonical;
    }
  }
  void has_tlsa(const std::string& name, dns::Tlsas records, bool authenticated = true) {
    knows(dns::RecordType::Tlsa, name, std::move(records), authenticated);
  }
  void fails_for(const std::string& name) { failing_ = name; }
  void fails_with(dns::RecordType type, const std::string& name) {
    answers_[{type, name}] = {.status = dns::Status::Temporary, .detail = "SERVFAIL"};
  }

  void answer_all(bool newest_first = false) { answer(-1, newest_first); }
  // As many questions; all that there are, also then, if it is negative.
  void answer(int count, bool newest_first = false) {
    while (count-- != 0 && !waiting_.empty()) {
      const auto next = newest_first ? std::prev(waiting_.end()) : waiting_.begin();
      const Waiting waiting = std::move(*next);
      waiting_.erase(next);
      if (!waiting.query.expired()) waiting.done(answer_to(waiting.question));
    }
  }

  std::vector<std::string> asked;  // names, ever
  bool validates = true;

 private:
  struct WaitingQuery final : dns::Query {
    std::shared_ptr<char> done = std::make_shared<char>();  // as long as somebody waits
  };
  struct Waiting {
    dns::Question question;
    std::weak_ptr<char> query;
    std::function<void(const dns::Answer&)> done;
  };

  dns::Answer answer_to(const dns::Question& question) const {
    if (question.name == failing_) return {.status = dns::Status::Temporary, .detail = "SERVFAIL"};
    const auto found = answers_.find({question.type, question.name});
    return found == answers_.end() ? dns::Answer{.status = dns::Status::NxDomain} : found->second;
  }

  std::map<std::pair<dns::RecordType, std::string>, dns::Answer> answers_;
  std::string failing_;
  std::vector<Waiting> waiting_;
};

// Runs what has been deferred, and what that defers.
inline void run_deferred(net::Loop& loop) {
  for (int i = 0; i < 3; ++i) {
    loop.post([&loop] { loop.defer([&loop] { loop.stop(); }); });
    loop.run();
  }
}

}  // namespace signpost::test
