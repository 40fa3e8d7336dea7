#include "commands/table.h"

#include "commands/terminal.h"

#include <gtest/gtest.h>

namespace signpost::commands {
namespace {

using enum Table::Align;
using enum Table::Fit;

TEST(Terminal, ColumnsAreThoseThatAreSeen) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("bücher"), 6U);
  EXPECT_EQ(columns_of("u\u0308"), 1U) << "a combining mark";
  EXPECT_EQ(columns_of("例え"), 4U);
  EXPECT_EQ(columns_of("\U0001f4ec"), 2U);
}

TEST(Terminal, ACutIsMarkedAndCutsNoCharacter) {
  EXPECT_EQ(cut_to_columns("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_columns("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_to_columns("例え.example", 4), "例…");
  EXPECT_EQ(cut_to_columns("abc", 1), "…");
}

Table table(std::size_t width) {
  Table table({{"ID"}, {"SIZE", Right, Spare}, {"FROM", Left, Cut}, {"REPLY", Left, Cut}}, width);
  table.add({"0123456789", "12345", "orders@shop.example", "450 later"});
  return table;
}

TEST(Table, WithoutAWidthNothingIsCut) {
  EXPECT_EQ(table(0).take(),
            "ID           SIZE  FROM                 REPLY\n"
            "0123456789  12345  orders@shop.example  450 later\n");
}

TEST(Table, LongCellsAreCutBeforeShortOnes) {
  EXPECT_EQ(table(45).take(),
            "ID           SIZE  FROM             REPLY\n"
            "0123456789  12345  orders@shop.ex…  450 later\n");
}

TEST(Table, WhatDoesNotFitAtAllIsLeftOut) {
  EXPECT_EQ(table(38).take(),
            "ID          FROM             REPLY\n"
            "0123456789  orders@shop.ex…  450 later\n");
}

TEST(Table, AColumnMayGoSoThatOthersStayReadable) {
  const auto listing = [](std::size_t width) {
    Table table({{"ID"},
                 {"STATE", Left, Whole, 0, true},
                 {"FROM", Left, Cut, 10, true},
                 {"TO", Left, Cut, 20}},
                width);
    table.add({"1", "deferred", "orders@shop.example", "customer@receiver.example"});
    return table.take();
  };
  EXPECT_EQ(listing(48),
            "ID  STATE     FROM         TO\n"
            "1   deferred  orders@sho…  customer@receiver.ex…\n");
  EXPECT_EQ(listing(40),
            "ID  STATE     TO\n"
            "1   deferred  customer@receiver.example\n");
  EXPECT_EQ(listing(30),
            "ID  TO\n"
            "1   customer@receiver.example\n");
}

TEST(Table, WhatHasToStayMayBeTooWide) {
  EXPECT_EQ(table(5).take(),
            "ID          FROM        REPLY\n"
            "0123456789  orders@sh…  450 later\n");
}

TEST(Table, ALaterPageKeepsItsColumnsAndFits) {
  Table paged = table(45);
  paged.take();
  paged.add({"1", "1", "orders@shop.example", "a reply that is longer than those before it"});
  EXPECT_EQ(paged.take(), "1               1  orders@shop.ex…  a reply t…\n");
  Table wide = table(60);
  wide.take();
  wide.add({"1", "1", "a", "a reply that is longer than those before it"});
  EXPECT_EQ(wide.take(), "1               1  a                    a reply that is lon…\n");
}

}  // namespace
}  // namespace signpost::commands
