import ZorBADiagnostics
package import ZorBAJSON

extension ModelConfiguration {
  /// Reads a Hugging Face `config.json`.
  ///
  /// Members that do not change inference (dropout, initialisation, library versions) are ignored;
  /// members that change it in a way not implemented here are refused, never ignored. Absent
  /// members take the defaults of the family in transformers.
  ///
  /// - Throws: `ZorBAError`: `unsupportedModel` naming key and value when this version does not
  ///   implement what is asked for; `invalidModel` when a value is missing, ill-typed, out of range
  ///   or in contradiction to another.
  package init(huggingFace value: JSONValue, file: String? = nil) throws {
    let reader = try ConfigurationReader(value, file: file)
    let family = try Self.family(reader)
    try Self.refuseUnsupportedMembers(reader)
    switch family {
    case .opt: self = try OPT.configuration(reader)
    case .gpt2: self = try GPT2.configuration(reader)
    case .llama: self = try Llama.configuration(reader)
    case .mistral: self = try Mistral.configuration(reader)
    case .qwen2: self = try Qwen2.configuration(reader)
    case .qwen3: self = try Qwen3.configuration(reader)
    case .bert: self = try BERT.configuration(reader)
    case .roberta: self = try RoBERTa.configuration(reader)
    }
  }

  /// The family by `model_type`, which `architectures` must not contradict.
  private static func family(_ reader: ConfigurationReader) throws -> Family {
    let advice =
      "Supported families: \(Family.allCases.map(\.rawValue).joined(separator: ", "))."
    let named = try reader.strings("architectures")?.first
    let byArchitecture = Family.allCases.first { $0.architectureNames.contains(named ?? "") }
    if named != nil, byArchitecture == nil {
      throw reader.unsupported("architectures", advice: advice)
    }
    guard let type = try reader.string("model_type") else {
      if let byArchitecture { return byArchitecture }
      throw reader.invalid("model_type", "model_type is missing", advice: advice)
    }
    guard let family = Family(rawValue: type) else {
      throw reader.unsupported("model_type", advice: advice)
    }
    if let byArchitecture, byArchitecture != family {
      throw reader.invalid(
        "model_type", "model_type \(type) contradicts architecture \((named ?? "").excerpt())")
    }
    return family
  }

  private static func refuseUnsupportedMembers(_ reader: ConfigurationReader) throws {
    for key in ["quantization_config", "compression_config"] where reader.value(key) != nil {
      throw reader.unsupported(key, advice: "Use the checkpoint in float32, bfloat16 or float16.")
    }
    let experts = [
      "num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size",
      "num_experts_per_tok",
    ]
    for key in experts where reader.value(key) != nil && reader.value(key)?.integer != 0 {
      throw reader.unsupported(key, advice: "Mixtures of experts are not implemented.")
    }
    let switches = [
      "is_encoder_decoder", "add_cross_attention", "use_mrope", "use_dynamic_ntk",
      "use_logn_attn", "alibi",
    ]
    for key in switches where try reader.bool(key, default: false) {
      throw reader.unsupported(key)
    }
    let scales = [
      "partial_rotary_factor", "embedding_multiplier", "residual_multiplier", "logits_scaling",
      "logit_scale",
    ]
    for key in scales where try reader.positive(key, default: 1) != 1 {
      throw reader.unsupported(key)
    }
    let caps = ["final_logit_softcapping", "attn_logit_softcapping", "attention_multiplier"]
    for key in caps where reader.value(key) != nil { throw reader.unsupported(key) }
  }
}

extension ModelConfiguration.Family {
  /// Class names that stand in `architectures` for a model of this family.
  fileprivate var architectureNames: [String] {
    switch self {
    case .opt: ["OPTForCausalLM", "OPTModel"]
    case .gpt2: ["GPT2LMHeadModel", "GPT2Model"]
    case .llama: ["LlamaForCausalLM", "LlamaModel"]
    case .mistral: ["MistralForCausalLM", "MistralModel"]
    case .qwen2: ["Qwen2ForCausalLM", "Qwen2Model"]
    case .qwen3: ["Qwen3ForCausalLM", "Qwen3Model"]
    case .bert:
      ["BertModel", "BertForMaskedLM", "BertForPreTraining", "BertForSequenceClassification"]
    case .roberta: ["RobertaModel", "RobertaForMaskedLM", "RobertaForSequenceClassification"]
    }
  }
}
