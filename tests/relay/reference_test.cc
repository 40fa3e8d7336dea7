// docs/metrics.md, docs/events.md and docs/events.schema.json are what the program prints.
#include "base/ascii.h"
#include "metrics/registry.h"
#include "relay/event_reference.h"
#include "relay/metrics_reference.h"
#include "relay/relay_metrics.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace signpost::relay {
namespace {

// With SIGNPOST_WRITE_REFERENCE in the environment the page is written anew instead.
void expect_page(const std::string& name, const std::string& printed) {
  const std::string file = SIGNPOST_SOURCE_DIR "/docs/" + name;
  if (std::getenv("SIGNPOST_WRITE_REFERENCE") != nullptr) {
    std::ofstream(file) << printed;
  }
  std::ifstream in(file);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(page == printed)
      << file << " is not what the program prints. Write it anew: SIGNPOST_WRITE_REFERENCE=1 "
      << "relay_test --gtest_filter='Reference.*'";
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '_';
  });
}

bool is_sentence(std::string_view text) {
  return !text.empty() && text.ends_with('.') && text.find('|') == std::string_view::npos;
}

TEST(Reference, MetricsPageIsWhatTheProgramPrints) {
  expect_page("metrics.md", metrics_reference());
}

TEST(Reference, EventsPageIsWhatTheProgramPrints) { expect_page("events.md", event_reference()); }

TEST(Reference, EventsSchemaIsWhatTheProgramPrints) {
  expect_page("events.schema.json", event_schema());
}

TEST(Reference, HasEveryMetricOfAWorker) {
  metrics::Registry registry;
  const RelayMetrics worker(registry);
  const std::string page = metrics_reference();
  for (const metrics::Registry::Family& family : registry.families()) {
    EXPECT_NE(page.find("| `" + family.name + "` | " + family.type + " |"), std::string::npos)
        << family.name;
    EXPECT_NE(page.find("| " + family.help + " |"), std::string::npos) << family.name;
  }
}

TEST(Reference, NamesTheValuesOfLabels) {
  const std::string page = metrics_reference();
  EXPECT_NE(page.find("| `signpost_config_reloads_total` | counter | `result`: ok, failed |"),
            std::string::npos);
  EXPECT_NE(page.find("| `signpost_smtp_sessions` | gauge | `listener`: as written in `bind` |"),
            std::string::npos);
}

TEST(Events, HaveNamesAndSentences) {
  for (const log::EventDescription& event : all_events()) {
    EXPECT_TRUE(is_identifier(event.name)) << event.name;
    EXPECT_TRUE(is_sentence(event.meaning)) << event.name;
    for (const log::FieldDescription& field : event.fields) {
      EXPECT_TRUE(is_identifier(field.name)) << event.name << ' ' << field.name;
      EXPECT_TRUE(is_sentence(field.meaning)) << event.name << ' ' << field.name;
    }
  }
}

TEST(Events, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const log::EventDescription& event : all_events()) {
    EXPECT_TRUE(names.insert(event.name).second) << event.name;
    std::set<std::string_view> fields = {"time", "level", "event"};
    for (const log::FieldDescription& field : event.fields) {
      EXPECT_TRUE(fields.insert(field.name).second) << event.name << ' ' << field.name;
    }
  }
}

// A table or an index of events has one column for each name.
TEST(Events, GiveAFieldOneTypeWhereverItOccurs) {
  std::map<std::string_view, log::FieldType> types;
  for (const log::EventDescription& event : all_events()) {
    for (const log::FieldDescription& field : event.fields) {
      EXPECT_EQ(types.try_emplace(field.name, field.type).first->second, field.type)
          << event.name << ' ' << field.name;
    }
  }
}

TEST(EventSchema, DescribesEachEventByItsName) {
  const auto schema = nlohmann::json::parse(event_schema());
  ASSERT_EQ(schema["oneOf"].size(), all_events().size());
  const auto& all = schema["oneOf"];
  const auto deferred = std::ranges::find_if(
      all, [](const auto& one) { return one["properties"]["event"]["const"] == "deferred"; });
  ASSERT_NE(deferred, all.end());
  const auto& properties = (*deferred)["properties"];
  EXPECT_EQ(properties["next_attempt"]["type"], "string");
  EXPECT_EQ(properties["next_attempt"]["format"], "date-time");
  EXPECT_EQ(properties["attempt"]["type"], "integer");
  EXPECT_EQ(properties["class"]["enum"].size(), 9U);
  const auto& required = (*deferred)["required"];
  EXPECT_NE(std::ranges::find(required, "attempt"), required.end());
  EXPECT_EQ(std::ranges::find(required, "next_attempt"), required.end());
}

}  // namespace
}  // namespace signpost::relay
