#include "commands/queue_summary.h"

#include "commands/command_line.h"
#include "commands/queue_options.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace signpost::commands {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostGroups = 100'000;  // of each kind in memory

}  // namespace

constexpr std::array<QueueSummary::Kind, 5> QueueSummary::kKinds{{
    {"states", "STATE", ""},
    {"domains", "DOMAIN", ""},
    {"sites", "SITE", "not looked up yet"},
    {"replies", "REPLY", "not tried yet"},
    {"users", "LOGIN", "without a login"},
}};

Result<QueueSummary> QueueSummary::read(AdminClient& client,
                                        const AdminClient::Parameters& filter) {
  QueueSummary summary;
  Progress progress;
  std::string after;
  for (;;) {
    auto parameters = filter;
    if (!after.empty()) parameters.emplace_back("after", after);
    const auto page = object_of(client.get("/api/v1/queue/summary", parameters));
    if (!page) return Failure(page.error());
    summary.add(*page);
    const std::string next = text_of(*page, "next");
    // A position that does not advance would loop for ever.
    if (next.empty() || next == after) return summary;
    progress.show(fmt::format("{} jobs counted …", summary.jobs()));
    after = next;
  }
}

void QueueSummary::add(const Json& page) {
  all_.jobs += number_of(page, "jobs");
  all_.recipients += number_of(page, "recipients");
  for (std::size_t i = 0; i < kKinds.size(); ++i) add(page, kKinds[i].key, groups_[i]);
  if (first_.empty()) first_ = text_of(page, "first");
  if (std::string last = text_of(page, "last"); !last.empty()) last_ = std::move(last);
}

void QueueSummary::add(const Json& page, const char* key, Groups& groups) {
  for (const Json& group : list_of(page, key)) {
    const std::string name = text_of(group, "name");
    const bool room = groups.named.size() < kMostGroups || groups.named.contains(name);
    Count& count = room ? groups.named[name] : groups.others;
    count.jobs += number_of(group, "jobs");
    count.recipients += number_of(group, "recipients");
    if (count.example.empty()) count.example = text_of(group, "example");
  }
}

std::vector<QueueSummary::Ordered> QueueSummary::largest(const Groups& groups, std::size_t limit,
                                                         Count& others) {
  std::vector<Ordered> ordered;
  ordered.reserve(groups.named.size());
  for (const auto& [name, count] : groups.named) ordered.push_back({name, &count});
  std::ranges::stable_sort(ordered, std::greater<>(),
                           [](const Ordered& each) { return each.count->jobs; });
  others = groups.others;
  if (limit == 0 || ordered.size() <= limit) return ordered;
  for (std::size_t i = limit; i < ordered.size(); ++i) {
    others.jobs += ordered[i].count->jobs;
    others.recipients += ordered[i].count->recipients;
  }
  ordered.resize(limit);
  return ordered;
}

std::string QueueSummary::table(const Kind& kind, const Groups& groups, std::size_t limit,
                                std::size_t width) {
  using enum Table::Align;
  using enum Table::Fit;
  const bool with_examples = std::string_view(kind.key) == "replies";
  std::vector<Table::Column> columns{
      {"JOBS", Right}, {"RECIPIENTS", Right}, {kind.title, Left, Cut}};
  if (with_examples) columns.push_back({"FOR EXAMPLE", Left, Cut});
  Table table(std::move(columns), width);
  const auto add = [&](const Count& count, std::string name) {
    std::vector<std::string> cells{std::to_string(count.jobs), std::to_string(count.recipients),
                                   std::move(name)};
    if (with_examples) cells.push_back(count.example);
    table.add(std::move(cells));
  };
  Count others;
  for (const auto& [name, count] : largest(groups, limit, others)) {
    add(*count, name.empty() ? kind.unnamed : smtp::with_u_labels(name));
  }
  if (others.jobs > 0) add(others, "others");
  return table.empty() ? "" : "\n" + table.take();
}

std::string QueueSummary::text(std::size_t groups_of_each, std::size_t width) const {
  std::string text =
      fmt::format("{} job{} for {} recipient{}\n", all_.jobs, all_.jobs == 1 ? "" : "s",
                  all_.recipients, all_.recipients == 1 ? "" : "s");
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    text += table(kKinds[i], groups_[i], groups_of_each, width);
  }
  return text;
}

Json QueueSummary::json(std::size_t groups_of_each) const {
  Json json{{"jobs", all_.jobs}, {"recipients", all_.recipients}};
  json["first"] = first_.empty() ? Json() : Json(first_);
  json["last"] = last_.empty() ? Json() : Json(last_);
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    Json list = Json::array();
    const auto add = [&](Json name, const Count& count) {
      Json group{{"name", std::move(name)}, {"jobs", count.jobs}, {"recipients", count.recipients}};
      if (!count.example.empty()) group["example"] = count.example;
      list.push_back(std::move(group));
    };
    Count others;
    for (const auto& [name, count] : largest(groups_[i], groups_of_each, others)) add(name, *count);
    if (others.jobs > 0) add(nullptr, others);
    json[kKinds[i].key] = std::move(list);
  }
  return json;
}

int sum_up_queue(const QueueOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto summary = QueueSummary::read(*client, filter_parameters(options));
  if (!summary) return refuse(summary.error().detail);
  if (options.json) {
    print(json_text(summary->json(options.limit), 2) + "\n");
  } else {
    print(summary->text(options.limit, output_width()));
  }
  return kDone;
}

}  // namespace signpost::commands
