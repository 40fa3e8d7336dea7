#include "dns/resolver.h"

#include <optional>
#include <utility>

namespace signpost::dns {

namespace {

// A and AAAA under way together.
class AddressQuery final : public Query {
 public:
  AddressQuery(Resolver& resolver, const std::string& host,
               std::function<void(const AddressAnswer&)> done)
      : done_(std::move(done)),
        v6_query_(resolver.ask({RecordType::Aaaa, host},
                               [this](const Answer& answer) { take(v6_, answer); })),
        v4_query_(resolver.ask({RecordType::A, host},
                               [this](const Answer& answer) { take(v4_, answer); })) {}

 private:
  void take(std::optional<Answer>& half, const Answer& answer) {
    half = answer;
    if (!v6_ || !v4_) return;
    const auto done = std::move(done_);  // it may destroy this query
    done(address_answer(*v6_, *v4_));
  }

  std::function<void(const AddressAnswer&)> done_;
  std::optional<Answer> v6_;
  std::optional<Answer> v4_;
  QueryHandle v6_query_;  // last, so that their callbacks end before what they use
  QueryHandle v4_query_;
};

}  // namespace

QueryHandle Resolver::mail_exchangers(const std::string& domain,
                                      std::function<void(const MxAnswer&)> done) {
  return ask({RecordType::Mx, domain}, [domain, done = std::move(done)](const Answer& answer) {
    done(mx_answer(domain, answer));
  });
}

QueryHandle Resolver::addresses(const std::string& host,
                                std::function<void(const AddressAnswer&)> done) {
  return std::make_unique<AddressQuery>(*this, host, std::move(done));
}

QueryHandle Resolver::texts(const std::string& name, std::function<void(const TextAnswer&)> done) {
  return ask({RecordType::Txt, name},
             [done = std::move(done)](const Answer& answer) { done(text_answer(answer)); });
}

QueryHandle Resolver::alias(const std::string& name, std::function<void(const AliasAnswer&)> done) {
  return ask({RecordType::Cname, name},
             [done = std::move(done)](const Answer& answer) { done(alias_answer(answer)); });
}

QueryHandle Resolver::tlsa_records(const std::string& name,
                                   std::function<void(const TlsaAnswer&)> done) {
  return ask({RecordType::Tlsa, name},
             [done = std::move(done)](const Answer& answer) { done(tlsa_answer(answer)); });
}

}  // namespace signpost::dns
