#include "reconcile/service_traffic.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reconcile {
namespace {

using Totals = ServiceTraffic::Totals;

constexpr double kMuchBusier = 2;
constexpr double kIdle = 0.5;  // less than a packet

constexpr std::array kCounters = {&Totals::connections, &Totals::packets_in, &Totals::packets_out,
                                  &Totals::bytes_in, &Totals::bytes_out};

Totals totals_of(const ipvs::Traffic& traffic) {
  return {.connections = traffic.connections,
          .packets_in = traffic.packets_in,
          .packets_out = traffic.packets_out,
          .bytes_in = traffic.bytes_in,
          .bytes_out = traffic.bytes_out};
}

// From `before` to `now`. Counters that went back belong to a virtual server that was made anew.
Totals growth(const Totals& before, const Totals& now) {
  const bool anew = std::ranges::any_of(
      kCounters, [&](const auto counter) { return now.*counter < before.*counter; });
  if (anew) return now;
  Totals difference;
  for (const auto counter : kCounters) difference.*counter = now.*counter - before.*counter;
  return difference;
}

void add(Totals& sum, const Totals& more) {
  for (const auto counter : kCounters) sum.*counter += more.*counter;
}

}  // namespace

void ServiceTraffic::observed(const std::vector<ipvs::ObservedVirtualServer>& servers,
                              const DesiredState& desired) {
  const auto added = take(servers, desired);
  const auto is_gone = [&](const auto& entry) { return desired.state_of(entry.first) == nullptr; };
  std::erase_if(named_, is_gone);
  boost::unordered::erase_if(activity_, is_gone);
  follow(added);
  name_the_busiest();
  for (const auto& [service, totals] : added) {
    const auto named = named_.find(service);
    add(named == named_.end() ? others_ : named->second, totals);
  }
}

// What each Service carried since the last reading.
ServiceTraffic::Added ServiceTraffic::take(const std::vector<ipvs::ObservedVirtualServer>& servers,
                                           const DesiredState& desired) {
  Added added;
  decltype(read_) read;
  for (const auto& server : servers) {
    const auto now = totals_of(server.traffic);
    if (now == Totals{} || desired.virtual_server(server.id) == nullptr) continue;
    read.emplace(server.id, now);
    const auto before = read_.find(server.id);
    const auto more = before == read_.end() ? now : growth(before->second, now);
    if (more != Totals{}) add(added[desired.owner(server.id)], more);
  }
  read_ = std::move(read);
  return added;
}

void ServiceTraffic::follow(const Added& added) {
  for (auto& [service, activity] : activity_) activity /= 2;
  for (const auto& [service, totals] : added) {
    activity_[service] += static_cast<double>(totals.packets_in + totals.packets_out);
  }
  boost::unordered::erase_if(activity_, [](const auto& entry) { return entry.second < kIdle; });
}

void ServiceTraffic::name_the_busiest() {
  using Rank = std::pair<double, kube::NamespacedName>;
  std::vector<Rank> unnamed;  // the busiest first
  for (const auto& [service, activity] : activity_) {
    if (!named_.contains(service)) unnamed.emplace_back(activity, service);
  }
  std::ranges::sort(unnamed, std::greater());
  std::vector<Rank> quiet;  // the quietest first
  for (const auto& [service, totals] : named_) quiet.emplace_back(activity_of(service), service);
  std::ranges::sort(quiet);
  auto quietest = quiet.begin();
  for (const auto& [activity, service] : unnamed) {
    if (named_.size() >= limit_) {
      if (quietest == quiet.end() || activity <= kMuchBusier * quietest->first) return;
      named_.erase(quietest++->second);
    }
    named_.emplace(service, Totals{});
  }
}

double ServiceTraffic::activity_of(const kube::NamespacedName& service) const {
  const auto found = activity_.find(service);
  return found == activity_.end() ? 0 : found->second;
}

}  // namespace reconcile
