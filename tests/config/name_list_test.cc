#include "config/name_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::config {
namespace {

using Names = std::vector<std::string>;

TEST(NameList, HasALineForEachName) {
  const auto names = parse_name_list(
      "# domains of acme\n\nb.example\n  A.example\t\r\n*.bücher.example\nb.example\n#c.example",
      parse_tenant_domain);
  ASSERT_TRUE(names) << names.error().detail;
  EXPECT_EQ(*names, (Names{"*.xn--bcher-kva.example", "a.example", "b.example"}));
  EXPECT_EQ(parse_name_list("", parse_tenant_domain).value(), Names());
}

TEST(NameList, AMistakeHasItsLine) {
  const auto wrong = parse_name_list("a.example\n\nb example\n", parse_tenant_domain);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail, "line 3: \"b example\" is not a domain or a pattern of domains");
  EXPECT_EQ(parse_name_list("*\n", parse_tenant_domain).error().detail,
            "line 1: \"*\" would be every domain");
}

TEST(NameList, SendersMayBeDomainsOrAddresses) {
  EXPECT_EQ(
      parse_name_list("a.example\n@b.example\n*.c.example\nX@d.example\n*", parse_listed_sender)
          .value(),
      (Names{"@*", "@*.c.example", "@a.example", "@b.example", "x@d.example"}));
  EXPECT_FALSE(parse_name_list("a@*.example\n", parse_listed_sender));
}

TEST(NameList, AFileThatIsMissingIsSaid) {
  EXPECT_FALSE(read_name_list("/nowhere/domains", parse_tenant_domain));
}

TEST(NameList, DomainsAreSearchedWithTheirWildcards) {
  const Names sorted{"@*.b.example", "@a.example"};
  EXPECT_TRUE(list_has_domain(sorted, "@", "a.example"));
  EXPECT_TRUE(list_has_domain(sorted, "@", "x.b.example"));
  EXPECT_TRUE(list_has_domain(sorted, "@", "y.x.b.example"));
  EXPECT_FALSE(list_has_domain(sorted, "@", "b.example"));
  EXPECT_FALSE(list_has_domain(sorted, "@", "x.a.example"));
  EXPECT_FALSE(list_has_domain(sorted, "", "a.example"));
  EXPECT_FALSE(list_has_domain({}, "@", "a.example"));
  EXPECT_TRUE(list_has_domain({"*"}, "", "a.example"));
}

}  // namespace
}  // namespace signpost::config
