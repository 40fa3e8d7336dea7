// Mail data on the wire and in the queue (RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2).
//
// In the queue, and in all of this program, content has CRLF line ends, no dot-stuffing and a
// CRLF at its end (unless it is empty).
#pragma once

#include "base/byte_sink.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::smtp {

// Turns what follows DATA's 354 into content: removes dot-stuffing, finds the end, and makes the
// line ends uniform.
//
// The end of data is CRLF "." CRLF and nothing else: "LF.LF", "LF.CRLF", "CRLF.LF", "CR.CR" and so
// on are content, so that no other server's idea of a line end can smuggle in a second message. A
// bare LF becomes CRLF (old clients send it), so a line that begins with a dot after a bare LF is
// content that goes out dot-stuffed. Not every server passes a bare CR or a NUL on
// faithfully: they are dropped from the content and reported, and the server refuses the message
// (554 5.6.0).
class MailDataDecoder {
 public:
  // Decodes a prefix of `input` and returns how many octets it took; what is left (at most a few
  // octets, or what follows the end of data) must be offered again with what arrives next.
  std::size_t decode(std::string_view input, ByteSink& sink);

  // The next octets of a chunk instead (RFC 3030 section 2): they are content to the last one, dots
  // and CRLF.CRLF included. A CR may be parted from its LF by the end of a chunk.
  void decode_chunk(std::string_view octets, ByteSink& sink);
  // After the last chunk: ends the last line.
  void end_chunks(ByteSink& sink);

  bool at_end() const { return at_end_; }  // CRLF.CRLF was seen; decode() takes no more
  bool saw_bare_lf() const { return saw_bare_lf_; }
  bool saw_bare_cr() const { return saw_bare_cr_; }
  bool saw_nul() const { return saw_nul_; }
  std::size_t longest_line() const { return longest_line_; }  // in octets, without line end

 private:
  class Output;

  void text(std::string_view text, bool clean, Output& output);
  void end_line(bool crlf);

  bool chunks_ = false;
  bool cr_waits_ = false;  // the last octet of what was a chunk's
  bool at_end_ = false;
  bool at_line_start_ = true;  // the next octet begins a line of content
  bool after_crlf_ = true;     // ... and that line was begun by a real CRLF (or by DATA itself)
  bool saw_bare_lf_ = false;
  bool saw_bare_cr_ = false;
  bool saw_nul_ = false;
  std::size_t line_length_ = 0;
  std::size_t longest_line_ = 0;
};

// Appends `content` as mail data: a dot before each line that begins with one, and the CRLF "."
// CRLF at the end (section 4.5.2). Content that does not end with CRLF gets one.
void append_mail_data(std::string& out, std::string_view content);

// The same in pieces, for content that is sent while the socket takes it.
class DotStuffer {
 public:
  explicit DotStuffer(std::string_view content)
      : rest_(content), terminated_(content.empty() || content.ends_with("\r\n")) {}
  // The next piece to write, at most `limit` octets (limit >= 8) of the content itself or of
  // stuffing; empty when all of it, the final dot included, was handed out. Views point into the
  // content or to static storage.
  std::string_view next(std::size_t limit);
  bool done() const { return finished_; }

 private:
  std::string_view rest_;
  bool terminated_;            // the content ends with CRLF
  bool at_line_start_ = true;  // the first octet of rest_ begins a line
  bool stuffed_ = false;       // ... and the dot before it was handed out already
  bool finished_ = false;
};

}  // namespace signpost::smtp
