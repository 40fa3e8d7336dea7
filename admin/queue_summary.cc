#include "admin/queue_summary.h"

#include <fmt/format.h>

namespace signpost::admin {

namespace {

void count(QueueSummary::Count& group, std::size_t recipients) {
  ++group.jobs;
  group.recipients += recipients;
}

// Without the text: many receivers put a unique number into each reply.
std::string group_of(const smtp::Reply& reply) {
  if (reply.code == 0 && !reply.status.present()) return reply.text.empty() ? "" : "0";
  if (reply.code == 0) return reply.status.text();
  if (!reply.status.present()) return std::to_string(reply.code);
  return fmt::format("{} {}", reply.code, reply.status.text());
}

}  // namespace

void QueueSummary::add(const queue::QueuedJob& job, std::size_t recipients, std::string_view state,
                       const std::string& site, const smtp::Reply& reply) {
  count(all, recipients);
  count(states[std::string(state)], recipients);
  count(domains[job.job.lane.domain], recipients);
  count(sites[site], recipients);
  count(logins[job.envelope.login], recipients);
  Count& replied = replies[group_of(reply)];
  count(replied, recipients);
  if (replied.example.empty()) replied.example = reply.one_line();
  if (!first) first = job.job.ref.id;
  last = job.job.ref.id;
}

}  // namespace signpost::admin
