#include "mta_sts/discovery.h"

#include "mta_sts/record.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::mta_sts {

namespace {

constexpr std::size_t kRefreshes = 20;  // at once

}  // namespace

// One who waits: first for the TXT record, then perhaps for a fetch.
class Discovery::Search final : public dns::Query {
 public:
  Search(Discovery& owner, std::string domain, std::function<void(const Finding&)> done)
      : owner_(owner), domain_(std::move(domain)), done_(std::move(done)) {
    record_ = owner_.resolver_.texts("_mta-sts." + domain_,
                                     [this](const dns::TextAnswer& answer) { looked_up(answer); });
  }
  ~Search() override {
    if (waits_) forget();
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Its last act: `done` may destroy it.
  void answer(const Finding& finding) {
    if (waits_) forget();
    const auto done = std::move(done_);
    done(finding);
  }

 private:
  void looked_up(const dns::TextAnswer& answer) {
    const Record record = read_record(answer.texts);
    std::optional<std::string> id;
    if (record.state == Record::State::Published) id = record.id;
    Policies::Step step = owner_.policies_.look(domain_, id, owner_);
    if (step.wait) {
      place_ = owner_.waiting_[domain_].insert(owner_.waiting_[domain_].end(), this);
      waits_ = true;
    }
    if (step.fetch) owner_.begin_fetch(domain_);
    if (!step.wait) this->answer(step.finding);
  }

  void forget() {
    waits_ = false;
    const auto found = owner_.waiting_.find(domain_);
    found->second.erase(place_);
    if (found->second.empty()) owner_.waiting_.erase(found);
  }

  Discovery& owner_;
  const std::string domain_;
  std::function<void(const Finding&)> done_;
  dns::QueryHandle record_;
  bool waits_ = false;          // for a fetch
  Searches::iterator place_{};  // in the owner's `waiting_`, if it waits
};

Discovery::Discovery(Policies& policies, dns::Resolver& resolver, net::Loop& loop, WhyNot why_not)
    : policies_(policies), resolver_(resolver), loop_(loop), why_not_(std::move(why_not)) {}

Discovery::~Discovery() {
  policies_.leave(*this);
  for (const auto& [domain, query] : queries_) policies_.give_up(domain);
}

dns::QueryHandle Discovery::find(const std::string& domain,
                                 std::function<void(const Finding&)> done) {
  return std::make_unique<Search>(*this, domain, std::move(done));
}

void Discovery::refresh_some() {
  for (const std::string& domain : policies_.take_due(kRefreshes)) begin_fetch(domain);
}

void Discovery::ended(const std::string& domain) {
  loop_.post([this, token = token_, domain] {
    if (token) answer_all(domain);
  });
}

void Discovery::answer_all(const std::string& domain) {
  const Finding found = policies_.known(domain);
  // Whoever is answered may destroy others.
  for (auto waiting = waiting_.find(domain); waiting != waiting_.end();
       waiting = waiting_.find(domain)) {
    waiting->second.front()->answer(found);
  }
}

void Discovery::begin_fetch(const std::string& domain) {
  queries_[domain] =
      resolver_.addresses(policy_host(domain), [this, domain](const dns::AddressAnswer& answer) {
        // The query is calling us: it is destroyed once this has returned.
        auto query = queries_.extract(domain);
        loop_.defer([query = std::move(query)] {});
        fetch(domain, answer);
      });
}

void Discovery::fetch(const std::string& domain, const dns::AddressAnswer& answer) {
  std::vector<net::IpAddress> addresses;
  std::string why = answer.detail.empty() ? "has no address" : answer.detail;
  if (answer.status == dns::Status::NxDomain) why = "does not exist";
  for (const net::IpAddress& address : answer.addresses) {
    if (std::string forbidden = why_not_(address); forbidden.empty()) {
      addresses.push_back(address);
    } else {
      why = std::move(forbidden);
    }
  }
  if (!addresses.empty()) {
    policies_.fetch(domain, addresses);
    return;
  }
  policies_.failed(domain, {.fault = Fault::FetchFailed,
                            .detail = fmt::format("{}: {}", policy_host(domain), why)});
}

}  // namespace signpost::mta_sts
