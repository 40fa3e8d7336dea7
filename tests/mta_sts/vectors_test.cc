#include "base/enum_texts.h"
#include "mta_sts/policy.h"
#include "mta_sts/record.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <vector>

namespace signpost::mta_sts {
namespace {

using Json = nlohmann::json;

Json vectors(const char* of) { return Json::parse(std::ifstream(SIGNPOST_MTA_STS_VECTORS)).at(of); }

TEST(Vectors, Policies) {
  for (const Json& vector : vectors("policies")) {
    const auto policy = parse_policy(vector.at("text").get<std::string>());
    Json read;
    if (policy) {
      read = {{"mode", text_of(policy->mode)},
              {"max_age", policy->max_age.count()},
              {"mx", policy->mx}};
    }
    EXPECT_EQ(read, vector.at("policy")) << vector.dump();
  }
}

TEST(Vectors, Records) {
  for (const Json& vector : vectors("records")) {
    const Record record = read_record(vector.at("texts").get<std::vector<std::string>>());
    const Json id = record.state == Record::State::Published ? Json(record.id) : Json();
    EXPECT_EQ(id, vector.at("id")) << vector.dump();
  }
}

TEST(Vectors, Hosts) {
  for (const Json& vector : vectors("hosts")) {
    Policy policy;
    policy.mx = {vector.at("pattern").get<std::string>()};
    EXPECT_EQ(lists(policy, vector.at("host").get<std::string>()), vector.at("lists").get<bool>())
        << vector.dump();
  }
}

}  // namespace
}  // namespace signpost::mta_sts
