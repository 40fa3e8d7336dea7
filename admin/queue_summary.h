// What a part of the queue consists of, counted by the facts that operators decide by.
#pragma once

#include "queue/store.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::admin {

// Of one page of jobs, so no larger than that. The reader of further pages adds them up.
struct QueueSummary {
  struct Count {
    std::size_t jobs = 0;
    std::size_t recipients = 0;  // those that the filter selects
    std::string example;         // of the replies of a group: the first one
  };
  using Groups = std::map<std::string, Count, std::less<>>;

  Count all;
  Groups states;
  Groups domains;
  Groups sites;    // "": not known yet
  Groups replies;  // by code and enhanced status; "": none yet, and no obstacle
  Groups logins;   // "": without one
  std::optional<queue::MessageId> first;
  std::optional<queue::MessageId> last;  // a change `until` this one covers what was counted
  queue::Cursor next;                    // empty: nothing follows

  // `reply`: the last one, or what it waits for before the first.
  void add(const queue::QueuedJob& job, std::size_t recipients, std::string_view state,
           const std::string& site, const smtp::Reply& reply);
};

}  // namespace signpost::admin
