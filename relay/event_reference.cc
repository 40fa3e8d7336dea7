#include "relay/event_reference.h"

#include "auth/events.h"
#include "base/log_events.h"
#include "dns/events.h"
#include "mta_sts/events.h"
#include "net/events.h"
#include "queue/events.h"
#include "relay/events.h"
#include "rocks/events.h"
#include "tlsrpt/events.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace signpost::relay {

namespace {

using Json = nlohmann::ordered_json;
using log::EventDescription;
using log::FieldDescription;
using log::FieldType;

// A new event is added here, so that it is documented.
using MessageEvents =
    std::tuple<events::Accepted, events::RecipientAccepted, events::Rejected, events::Delivered,
               events::Deferred, events::Bounced, events::Expired, events::PossiblyDelivered,
               events::SenderRewritten, events::Signed, events::Unsigned, events::Notification,
               events::NotificationDropped, events::MessageUnreadable, events::Removed,
               events::Retried, events::Held, events::Released, events::GivenUp, events::Redirected,
               events::Moved>;
using SessionEvents =
    std::tuple<events::Authenticated, events::AuthFailed, events::AuthLocked, events::ClientProxied,
               events::ProxyHeaderRefused, events::TlsEstablished, events::TlsFailed,
               events::TlsRefused, events::IdleTimeout, events::LinesLeftOut, events::SessionLost,
               events::SessionClosed, events::ConnectionFailed, events::SiteDown, events::SiteUp,
               events::SiteSlowed, events::SitePaused, events::SiteResumed, events::NoHost,
               events::ConnectionClosed>;
using QuotaEvents = std::tuple<events::QuotaWarning, events::QuotaReached>;
using ProcessEvents = std::tuple<
    events::Starting, events::RunningAsRoot, events::NetworksAllowed, events::QueueOpened,
    events::Listening, events::ListenerClosed, events::LetterRefused, events::LetterUnusable,
    events::AdminListening, events::Started, events::Stopping, events::RestartNeeded,
    events::Stopped, events::ConfigReloaded, events::ConfigReloadFailed,
    events::CertificateReloaded, events::CertificateNotReloaded, events::StartFailed,
    events::ConfigDoubtful, events::KnownLoginsLost, events::QuotaCountersLost, events::WarmUpLost,
    events::SitePausesLost, events::ConfigNeedsRestart, events::DiskFull, events::DiskHasRoom,
    events::DescriptorsShort, events::QueueReclaimingFailed, events::QueueUnreadable>;
using EventsBelow = std::tuple<
    log::events::LogDropped, auth::events::DovecotUnavailable, auth::events::DovecotAvailable,
    auth::events::TokenKeysFetched, auth::events::TokenKeysFailed, net::events::AcceptFailed,
    dns::events::NameServiceDown, dns::events::NameServiceUp, mta_sts::events::MtaStsPolicy,
    mta_sts::events::MtaStsPolicyFailed, mta_sts::events::MtaStsPoliciesLost,
    queue::events::QueueWritable, queue::events::QueueWriteFailed,
    queue::events::QueueChangeTooLate, rocks::events::QueueChecking, rocks::events::QueueLogEnd,
    rocks::events::QueueReserveUsed, rocks::events::QueueDamaged, rocks::events::QueueSalvaging,
    rocks::events::QueueSalvaged, rocks::events::QueueRowCorrupt, rocks::events::QueueEngine,
    rocks::events::QueueFlushFailed, rocks::events::QueueCloseFailed,
    rocks::events::QueueCarryingOver, rocks::events::QueueCarriedOver,
    tlsrpt::events::TlsReportSent, tlsrpt::events::TlsReportFailed, tlsrpt::events::TlsReportsLost>;

template <typename... Events>
void add(std::vector<EventDescription>& all, const std::tuple<Events...>*) {
  (all.push_back(log::description_of<Events>()), ...);
}

constexpr std::string_view kHead = R"(# Events

One line for each thing that happened, on stderr: text, or with `log.format = "json"` one object per line. This
page is printed by `signpost reference events`; docs/events.schema.json describes the objects.

Every line has `time` (UTC, with microseconds), `level` and `event`. A field without a value is left out. Names
of events and fields stay; more may be added.

)";

std::string_view type_text(FieldType type) {
  switch (type) {
    case FieldType::Text:
      return "text";
    case FieldType::Integer:
      return "integer";
    case FieldType::Boolean:
      return "true or false";
    case FieldType::Time:
      return "time";
  }
  return "";
}

std::string joined(std::span<const std::string_view> values) {
  std::string text;
  for (const std::string_view value : values) {
    if (!text.empty()) text += ", ";
    text.append("`").append(value).append("`");
  }
  return text;
}

void append_summary(std::string& page, const std::vector<EventDescription>& all) {
  page += "| event | level | meaning |\n|---|---|---|\n";
  for (const EventDescription& event : all) {
    page.append("| [`").append(event.name).append("`](#").append(event.name).append(") | ");
    page.append(text_of(event.level)).append(" | ").append(event.meaning).append(" |\n");
  }
}

void append_fields(std::string& page, const EventDescription& event) {
  page.append("\n## ").append(event.name).append("\n\n").append(event.meaning).append("\n");
  if (event.fields.empty()) return;
  page += "\n| field | type | meaning |\n|---|---|---|\n";
  for (const FieldDescription& field : event.fields) {
    page.append("| `").append(field.name).append("` | ");
    page.append(field.values.empty() ? std::string(type_text(field.type)) : joined(field.values));
    page.append(" | ").append(field.meaning).append(" |\n");
  }
}

Json schema_of(const FieldDescription& field) {
  Json schema;
  switch (field.type) {
    case FieldType::Text:
    case FieldType::Time:
      schema["type"] = "string";
      break;
    case FieldType::Integer:
      schema["type"] = "integer";
      break;
    case FieldType::Boolean:
      schema["type"] = "boolean";
      break;
  }
  if (field.type == FieldType::Time) schema["format"] = "date-time";
  if (!field.values.empty()) schema["enum"] = field.values;
  schema["description"] = field.meaning;
  return schema;
}

Json schema_of(const EventDescription& event) {
  Json required = {"time", "level", "event"};
  Json properties;
  properties["time"] = {{"type", "string"}, {"format", "date-time"}};
  properties["level"] = {{"const", text_of(event.level)}};
  properties["event"] = {{"const", event.name}};
  for (const FieldDescription& field : event.fields) {
    properties[std::string(field.name)] = schema_of(field);
    if (field.always) required.push_back(field.name);
  }
  Json schema;
  schema["title"] = event.name;
  schema["description"] = event.meaning;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  return schema;
}

}  // namespace

std::vector<EventDescription> all_events() {
  std::vector<EventDescription> all;
  add(all, static_cast<const MessageEvents*>(nullptr));
  add(all, static_cast<const SessionEvents*>(nullptr));
  add(all, static_cast<const QuotaEvents*>(nullptr));
  add(all, static_cast<const ProcessEvents*>(nullptr));
  add(all, static_cast<const EventsBelow*>(nullptr));
  std::ranges::sort(all, {}, &EventDescription::name);
  return all;
}

std::string event_reference() {
  const std::vector<EventDescription> all = all_events();
  std::string page(kHead);
  append_summary(page, all);
  for (const EventDescription& event : all) append_fields(page, event);
  return page;
}

std::string event_schema() {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "One line of Signpost's log in JSON";
  schema["oneOf"] = Json::array();
  for (const EventDescription& event : all_events()) schema["oneOf"].push_back(schema_of(event));
  return schema.dump(2) + "\n";
}

}  // namespace signpost::relay
