// Who may ask the admin side for what. Pure: a request's head in, a refusal or nothing out.
#pragma once

#include "admin/http_message.h"
#include "base/mutex.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace signpost::admin {

// What the configuration says about it; a reload may change it.
struct AccessRules {
  std::string token;  // "": the API is not available by TCP
  bool token_for_metrics = false;
  std::string hostname;  // our name, accepted beside address literals and localhost
  std::string socket;    // where the API needs no token, for messages; "": nowhere
};

// The rules in force. Any thread.
class SharedAccessRules {
 public:
  void set(AccessRules rules) {
    const MutexLock lock(mutex_);
    rules_ = std::make_shared<const AccessRules>(std::move(rules));
  }
  std::shared_ptr<const AccessRules> get() const {
    const MutexLock lock(mutex_);
    return rules_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const AccessRules> rules_ GUARDED_BY(mutex_) =
      std::make_shared<const AccessRules>();
};

struct Refusal {
  int status = 403;
  std::string reason;  // for the client: names no secret
};

//                    unix socket            TCP with the token     TCP
//   health           yes                    yes                    yes
//   /metrics         yes                    yes                    unless token_for_metrics
//   the rest (API)   yes                    yes                    no
//
// The file's mode decides who reaches the socket. By TCP any web page in an operator's browser may
// ask as well, so: a Host that a page could have had resolved to us is refused (DNS rebinding)
// unless the token shows that no page asks; a request that changes something must have no Origin,
// and JSON for a body, which a page cannot send to another site without asking first.
std::optional<Refusal> refusal_of(const AccessRules& rules, const HttpRequest& head);
// The latter: 415 for a change without JSON. To be asked last, of a method that the path has.
std::optional<Refusal> content_refusal(const HttpRequest& head);

}  // namespace signpost::admin
