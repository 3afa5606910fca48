// Values to and from nfnetlink messages of nf_tables, for our one table: bytes only, no socket.
//
// Every change is part of a transaction: BATCH_BEGIN, the changes, BATCH_END, in one datagram.
// Numbers are big endian here, unlike everywhere else in netlink. Truth:
// linux/netfilter/nf_tables.h. Pure: any thread.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipvs/message_batch.h"
#include "ipvs/nft_skeleton.h"
#include "ipvs/step.h"

namespace ipvs {

// The brackets of a transaction.
void begin_transaction(MessageBatch& batch);
void end_transaction(MessageBatch& batch);

// Adding what exists already is no error, unless it exists with other properties.
void put_add_table(MessageBatch& batch);
void put_delete_table(MessageBatch& batch);
void put_add_set(MessageBatch& batch, const NftSet& set, std::uint32_t id);
void put_add_chain(MessageBatch& batch, const NftChain& chain);
void put_delete_rules(MessageBatch& batch, const NftChain& chain);  // all of the chain's
void put_add_rule(MessageBatch& batch, const NftChain& chain, const NftRule& rule);
// Within a rule's message: what it does.
void put_expressions(MessageBatch& batch, const NftRule& rule);
// REQUIRES: AddElement or DeleteElement.
void put_element_step(MessageBatch& batch, const Step& step);

// The first error that a transaction met; 0: it was done.
[[nodiscard]] int first_failure(const std::vector<int>& codes);

// Reads, outside of transactions. The first three name one object, the last two are dump requests.
void put_get_table(MessageBatch& batch);
void put_get_set(MessageBatch& batch, const NftSet& set);
void put_get_chain(MessageBatch& batch, const NftChain& chain);
void put_dump_rules(MessageBatch& batch, const NftChain& chain);
void put_dump_elements(MessageBatch& batch, const NftSet& set);
void put_get_generation(MessageBatch& batch);

// Whether the answer to the get request of the same name is what we would have written.
[[nodiscard]] bool is_as_written(nlmsghdr* table);
[[nodiscard]] bool is_as_written(nlmsghdr* answer, const NftSet& set);
[[nodiscard]] bool is_as_written(nlmsghdr* answer, const NftChain& chain);

[[nodiscard]] NftRule rule_in(nlmsghdr* message);
// Appends the elements of one message of a dump; an element that is none of ours is left out.
void append_elements(nlmsghdr* message, const NftSet& set, std::vector<SetElement>& elements);

}  // namespace ipvs
