// Fields that say who a message is from, written so that everybody reads the same author.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::message {

// The form of "local@domain" in which two are compared: one domain has several spellings (RFC
// 5890). Null: as it is.
using ComparedForm = std::function<std::string(std::string_view address)>;

// The value of a field whose one mailbox is clear although its display name is not a phrase of RFC
// 5322, because it has a comma, a colon or an "@" without quotes: the name is quoted, encoded
// words stay encoded. So
//
//    Doe, John <john@shop.example>      becomes  "Doe, John" <john@shop.example>
//    =?utf-8?Q?News:_Shop?= <n@x.test>  becomes  =?utf-8?Q?News=3A_Shop?= <n@x.test>
//    =?utf-8?Q?D=C3=B6?=, J <j@x.test>  becomes  =?utf-8?Q?D=C3=B6?= =?utf-8?B?LCBK?= <j@x.test>
//    john@shop.example;                 becomes  john@shop.example
//
// The address in the only angle brackets, at the end of the field, is used. Nothing when there are
// more of them, or when the name holds another mailbox, by its compared form: then either may be
// meant.
// `value` is one that mailboxes() does not read; its folds are removed.
std::optional<std::string> with_quoted_name(std::string_view value,
                                            const ComparedForm& compared = {});

}  // namespace signpost::message
