#include "ipvs/nft_codec.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>

#include "ipvs/attributes.h"
#include "ipvs/nft_key.h"

namespace ipvs {
namespace {

constexpr int kHeaderSize = sizeof(nfgenmsg);

void put_bracket(MessageBatch& batch, std::uint16_t type) {
  batch.begin(type);
  batch.put_header(nfgenmsg{
      .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)});
  batch.end();
}

void begin(MessageBatch& batch, std::uint16_t type, std::uint16_t flags = 0) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags);
  batch.put_header(
      nfgenmsg{.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0, .res_id = htons(0)});
}

void put_number(MessageBatch& batch, std::uint16_t type, std::uint32_t value) {
  batch.put(type, htonl(value));
}

template <int Max>
std::uint32_t number(const Attributes<Max>& attributes, int type) {
  return ntohl(attributes.template get<std::uint32_t>(type));
}

void put_expression(MessageBatch& batch, const NftExpression& expression) {
  const auto element = batch.begin_nest(NFTA_LIST_ELEM);
  batch.put_text(NFTA_EXPR_NAME, expression.name);
  const auto data = batch.begin_nest(NFTA_EXPR_DATA);
  for (const auto& [type, bytes] : expression.attributes) {
    batch.put_bytes(type, bytes.data(), bytes.size());
  }
  batch.end_nest(data);
  batch.end_nest(element);
}

void put_key(MessageBatch& batch, std::uint16_t type, const NftKey& key) {
  const auto data = batch.begin_nest(type);
  batch.put_bytes(NFTA_DATA_VALUE, key.data(), key.size());
  batch.end_nest(data);
}

void put_element(MessageBatch& batch, std::uint16_t type, std::uint16_t flags,
                 const SetElement& element) {
  begin(batch, type, flags);
  batch.put_text(NFTA_SET_ELEM_LIST_TABLE, kNftTable);
  batch.put_text(NFTA_SET_ELEM_LIST_SET, set_of(element).name);
  const NftKeys keys = keys_of(element);
  const auto list = batch.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto item = batch.begin_nest(NFTA_LIST_ELEM);
  put_key(batch, NFTA_SET_ELEM_KEY, keys.first);
  if (!keys.last.empty()) put_key(batch, NFTA_SET_ELEM_KEY_END, keys.last);
  batch.end_nest(item);
  batch.end_nest(list);
  batch.end();
}

// The parts of the key, which the kernel's set of ranges must know.
void put_set_description(MessageBatch& batch, const NftSet& set) {
  const auto description = batch.begin_nest(NFTA_SET_DESC);
  const auto parts = batch.begin_nest(NFTA_SET_DESC_CONCAT);
  for (const std::uint32_t length : set.range_parts) {
    const auto part = batch.begin_nest(NFTA_LIST_ELEM);
    put_number(batch, NFTA_SET_FIELD_LEN, length);
    batch.end_nest(part);
  }
  batch.end_nest(parts);
  batch.end_nest(description);
}

std::uint32_t flags_of(const NftSet& set) {
  return set.range_parts.empty() ? 0 : NFT_SET_INTERVAL | NFT_SET_CONCAT;
}

void put_named(MessageBatch& batch, std::uint16_t type, std::uint16_t table_attribute,
               std::uint16_t name_attribute, const std::string& name) {
  begin(batch, type);
  batch.put_text(table_attribute, kNftTable);
  batch.put_text(name_attribute, name);
  batch.end();
}

NftExpression expression_in(const nlattr* item) {
  const Attributes<NFTA_EXPR_MAX> parts(item);
  NftExpression expression{.name = parts.text(NFTA_EXPR_NAME)};
  if (!parts.has(NFTA_EXPR_DATA)) return expression;
  nlattr* attribute = nullptr;
  int remaining = 0;
  nla_for_each_nested(attribute, parts[NFTA_EXPR_DATA], remaining) {
    const auto type = static_cast<std::uint16_t>(nla_type(attribute));
    expression.attributes[type].assign(static_cast<const char*>(nla_data(attribute)),
                                       static_cast<std::size_t>(nla_len(attribute)));
  }
  return expression;
}

}  // namespace

void begin_transaction(MessageBatch& batch) { put_bracket(batch, NFNL_MSG_BATCH_BEGIN); }
void end_transaction(MessageBatch& batch) { put_bracket(batch, NFNL_MSG_BATCH_END); }

void put_add_table(MessageBatch& batch) {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
  batch.put_text(NFTA_TABLE_NAME, kNftTable);
  put_number(batch, NFTA_TABLE_FLAGS, 0);
  batch.end();
}

void put_delete_table(MessageBatch& batch) {
  begin(batch, NFT_MSG_DELTABLE);
  batch.put_text(NFTA_TABLE_NAME, kNftTable);
  batch.end();
}

void put_add_set(MessageBatch& batch, const NftSet& set, std::uint32_t id) {
  begin(batch, NFT_MSG_NEWSET, NLM_F_CREATE);
  batch.put_text(NFTA_SET_TABLE, kNftTable);
  batch.put_text(NFTA_SET_NAME, set.name);
  put_number(batch, NFTA_SET_FLAGS, flags_of(set));
  put_number(batch, NFTA_SET_KEY_TYPE, set.key_type);
  put_number(batch, NFTA_SET_KEY_LEN, set.key_length);
  put_number(batch, NFTA_SET_ID, id);
  if (!set.range_parts.empty()) put_set_description(batch, set);
  batch.end();
}

void put_add_chain(MessageBatch& batch, const NftChain& chain) {
  begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  batch.put_text(NFTA_CHAIN_TABLE, kNftTable);
  batch.put_text(NFTA_CHAIN_NAME, chain.name);
  if (chain.type.empty()) return batch.end();
  batch.put_text(NFTA_CHAIN_TYPE, chain.type);
  put_number(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
  const auto hook = batch.begin_nest(NFTA_CHAIN_HOOK);
  put_number(batch, NFTA_HOOK_HOOKNUM, chain.hook);
  put_number(batch, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(chain.priority));
  batch.end_nest(hook);
  batch.end();
}

void put_delete_rules(MessageBatch& batch, const NftChain& chain) {
  put_named(batch, NFT_MSG_DELRULE, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, chain.name);
}

void put_add_rule(MessageBatch& batch, const NftChain& chain, const NftRule& rule) {
  begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  batch.put_text(NFTA_RULE_TABLE, kNftTable);
  batch.put_text(NFTA_RULE_CHAIN, chain.name);
  put_expressions(batch, rule);
  batch.end();
}

void put_expressions(MessageBatch& batch, const NftRule& rule) {
  const auto list = batch.begin_nest(NFTA_RULE_EXPRESSIONS);
  for (const NftExpression& expression : rule) put_expression(batch, expression);
  batch.end_nest(list);
}

int first_failure(const std::vector<int>& codes) {
  const auto failed = std::find_if(codes.begin(), codes.end(), [](int code) { return code != 0; });
  return failed == codes.end() ? 0 : *failed;
}

void put_element_step(MessageBatch& batch, const Step& step) {
  if (const auto* add = std::get_if<AddElement>(&step)) {
    put_element(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, add->element);
  } else if (const auto* remove = std::get_if<DeleteElement>(&step)) {
    put_element(batch, NFT_MSG_DELSETELEM, 0, remove->element);
  }
}

void put_get_table(MessageBatch& batch) {
  begin(batch, NFT_MSG_GETTABLE);
  batch.put_text(NFTA_TABLE_NAME, kNftTable);
  batch.end();
}

void put_get_set(MessageBatch& batch, const NftSet& set) {
  put_named(batch, NFT_MSG_GETSET, NFTA_SET_TABLE, NFTA_SET_NAME, set.name);
}

void put_get_chain(MessageBatch& batch, const NftChain& chain) {
  put_named(batch, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, chain.name);
}

void put_dump_rules(MessageBatch& batch, const NftChain& chain) {
  put_named(batch, NFT_MSG_GETRULE, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, chain.name);
}

void put_dump_elements(MessageBatch& batch, const NftSet& set) {
  put_named(batch, NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET, set.name);
}

void put_get_generation(MessageBatch& batch) {
  begin(batch, NFT_MSG_GETGEN);
  batch.end();
}

bool is_as_written(nlmsghdr* table) {
  const Attributes<NFTA_TABLE_MAX> attributes(table, kHeaderSize);
  return attributes.text(NFTA_TABLE_NAME) == kNftTable && number(attributes, NFTA_TABLE_FLAGS) == 0;
}

bool is_as_written(nlmsghdr* answer, const NftSet& set) {
  const Attributes<NFTA_SET_MAX> attributes(answer, kHeaderSize);
  const Attributes<NFTA_SET_DESC_MAX> description(attributes[NFTA_SET_DESC]);
  return attributes.text(NFTA_SET_NAME) == set.name &&
         number(attributes, NFTA_SET_KEY_TYPE) == set.key_type &&
         number(attributes, NFTA_SET_KEY_LEN) == set.key_length &&
         number(attributes, NFTA_SET_FLAGS) == flags_of(set) &&  // no map, not constant
         number(description, NFTA_SET_DESC_SIZE) == 0 &&  // no limit that a big cluster would meet
         !attributes.has(NFTA_SET_TIMEOUT);               // nothing leaves it on its own
}

bool is_as_written(nlmsghdr* answer, const NftChain& chain) {
  const Attributes<NFTA_CHAIN_MAX> attributes(answer, kHeaderSize);
  const Attributes<NFTA_HOOK_MAX> hook(attributes[NFTA_CHAIN_HOOK]);
  if (attributes.text(NFTA_CHAIN_NAME) != chain.name) return false;
  if (chain.type.empty()) return !attributes.has(NFTA_CHAIN_HOOK);
  return attributes.text(NFTA_CHAIN_TYPE) == chain.type && attributes.has(NFTA_CHAIN_HOOK) &&
         number(hook, NFTA_HOOK_HOOKNUM) == chain.hook &&
         static_cast<std::int32_t>(number(hook, NFTA_HOOK_PRIORITY)) == chain.priority &&
         number(attributes, NFTA_CHAIN_POLICY) == NF_ACCEPT;
}

NftRule rule_in(nlmsghdr* message) {
  const Attributes<NFTA_RULE_MAX> attributes(message, kHeaderSize);
  NftRule rule;
  if (!attributes.has(NFTA_RULE_EXPRESSIONS)) return rule;
  nlattr* item = nullptr;
  int remaining = 0;
  nla_for_each_nested(item, attributes[NFTA_RULE_EXPRESSIONS], remaining) {
    rule.push_back(expression_in(item));
  }
  return rule;
}

void append_elements(nlmsghdr* message, const NftSet& set, std::vector<SetElement>& elements) {
  const Attributes<NFTA_SET_ELEM_LIST_MAX> attributes(message, kHeaderSize);
  if (!attributes.has(NFTA_SET_ELEM_LIST_ELEMENTS)) return;
  nlattr* item = nullptr;
  int remaining = 0;
  nla_for_each_nested(item, attributes[NFTA_SET_ELEM_LIST_ELEMENTS], remaining) {
    const Attributes<NFTA_SET_ELEM_MAX> parts(item);
    const Attributes<NFTA_DATA_MAX> first(parts[NFTA_SET_ELEM_KEY]);
    const Attributes<NFTA_DATA_MAX> last(parts[NFTA_SET_ELEM_KEY_END]);
    const auto element = element_of(set, first.bytes(NFTA_DATA_VALUE), last.bytes(NFTA_DATA_VALUE));
    if (element) elements.push_back(*element);
  }
}

}  // namespace ipvs
