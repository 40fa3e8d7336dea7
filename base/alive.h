// For callbacks that may come after the object that asked for them is gone.
#pragma once

#include <memory>
#include <utility>

namespace signpost {

// A member of the object, which stays where it is: neither is copied or moved. It is asked, and
// callbacks run, on the object's own thread; a token may be held and dropped by any.
class Alive {
 public:
  class Token {
   public:
    // Whether the object still lives.
    explicit operator bool() const { return !alive_.expired(); }

   private:
    friend class Alive;
    explicit Token(std::weak_ptr<const void> alive) : alive_(std::move(alive)) {}
    std::weak_ptr<const void> alive_;
  };

  Alive() = default;
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;

  Token token() const {
    if (!alive_) alive_ = std::make_shared<char>();
    return Token(alive_);
  }

  // Wraps `call` so that it does nothing once the object is gone.
  template <typename F>
  auto guard(F call) const {
    return [token = token(), call = std::move(call)](auto&&... arguments) mutable {
      if (token) call(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  // Null until the first token: most connections never defer a call.
  mutable std::shared_ptr<const void> alive_;
};

}  // namespace signpost
