// Encoded words, which carry text beyond ASCII in a header field (RFC 2047).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::message {

// The length of the encoded word that `text` begins with, 0 if there is none. Blanks within it,
// which section 2 forbids and most readers allow, are part of it.
std::size_t encoded_word_length(std::string_view text);

// The encoded word with nothing in it that a phrase may not hold (section 5, rule 3).
// REQUIRES: `word` is one encoded word
std::string phrase_safe(std::string_view word);

// Text in UTF-8 as encoded words of at most 75 octets each, fit for a phrase.
std::string encoded_words(std::string_view text);

// Encoded words as phrase_safe() has them, all other text as encoded words too. Readers see
// no blank between two of them, so text that was attached stays attached.
std::string all_encoded(std::string_view text);

}  // namespace signpost::message
