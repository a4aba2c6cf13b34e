extension MethodPreset {
  /// Every method that suites can name.
  package static let known: [MethodPreset] = zerothOrder + adapted + firstOrder

  private static let zerothOrder: [MethodPreset] = [
    MethodPreset(
      "zorba", "ZorBA",
      "zeroth-order, shared directions; every site trains the blocks that the planner chose for it",
      run: """
        method: {name: zorba, seeding: shared, local_steps: 1}
        blocks: {plan: lexicographic, active: [0.5], cycle: 4, rotate_every: 1}
        """,
      alone: """
        blocks: {plan: round_robin, active: [0.5], min_clients: 0}
        """),
    MethodPreset(
      "decomfl", "DeComFL",
      "zeroth-order, shared directions, every site trains every block; a few scalars a round",
      regimes: [.federated],
      run: """
        method: {name: zorba, seeding: shared, local_steps: 1}
        blocks: {plan: full}
        """),
    MethodPreset(
      "fedzo", "FedZO",
      "zeroth-order, directions of each site's own, several local steps; published with dense updates",
      regimes: [.federated],
      run: """
        method: {name: zorba, seeding: perClient, local_steps: 5}
        blocks: {plan: full}
        """, published: .dense),
    MethodPreset(
      "mezo", "MeZO", "zeroth-order at one place: every block, one direction a step",
      regimes: [.isolated, .centralised],
      run: """
        method: {name: zorba, seeding: shared, local_steps: 1, directions: 1}
        blocks: {plan: full}
        """),
    MethodPreset(
      "fedkseed", "FedKSeed",
      "zeroth-order over a fixed pool of seeds, with local steps; the model is the pool's sums",
      regimes: [.federated],
      run: """
        method: {name: fedkseed, pool: 4096, local_steps: 5}
        blocks: {plan: full}
        """),
    MethodPreset(
      "spry", "Spry-style split",
      "zeroth-order over a static split of the depth: every site trains its stretch and no other",
      regimes: [.federated],
      run: """
        method: {name: zorba, seeding: perClient, local_steps: 1}
        blocks: {plan: contiguous, rotate_every: 0}
        """, published: .denseShare),
  ]

  private static let adapted: [MethodPreset] = [
    MethodPreset(
      "zorba_lora", "ZorBA on LoRA", "ZorBA over low-rank adapters, the base frozen",
      run: """
        adapter: {kind: lora, rank: 8, alpha: 16}
        method: {name: zorba, seeding: shared, local_steps: 1}
        blocks: {plan: lexicographic, active: [0.5], cycle: 4, rotate_every: 1}
        """,
      alone: """
        blocks: {plan: round_robin, active: [0.5], min_clients: 0}
        """),
    MethodPreset(
      "zorba_ia3", "ZorBA on IA3", "ZorBA over learned scalings of activations, the base frozen",
      run: """
        adapter: {kind: ia3}
        method: {name: zorba, seeding: shared, local_steps: 1}
        blocks: {plan: lexicographic, active: [0.5], cycle: 4, rotate_every: 1}
        """,
      alone: """
        blocks: {plan: round_robin, active: [0.5], min_clients: 0}
        """),
  ]

  private static let firstOrder: [MethodPreset] = [
    MethodPreset(
      "fedit", "FedIT (FedAvg + LoRA)", "gradients, low-rank adapters, averaged by the server",
      run: """
        adapter: {kind: lora, rank: 8, alpha: 16}
        method: {name: fedavg, optimizer: adamw, learning_rate: 3e-4, local_steps: 1}
        """),
    MethodPreset(
      "fedit_qlora", "FedAvg + QLoRA",
      "gradients, low-rank adapters over a base in 4 bits, averaged by the server",
      run: """
        adapter: {kind: lora, rank: 8, alpha: 16, base: nf4}
        method: {name: fedavg, optimizer: adamw, learning_rate: 3e-4, local_steps: 1}
        """),
    MethodPreset(
      "fed_ia3", "FedAvg + IA3", "gradients, learned scalings, averaged by the server",
      run: """
        adapter: {kind: ia3}
        method: {name: fedavg, optimizer: adamw, learning_rate: 3e-3, local_steps: 1}
        """),
    MethodPreset(
      "fedavg_full", "FedAvg, all weights", "gradients of every weight, averaged by the server",
      run: """
        method: {name: fedavg, optimizer: adamw, learning_rate: 1e-5, local_steps: 1}
        """),
    MethodPreset(
      "fedprox_lora", "FedProx + LoRA",
      "as FedIT, sites held near the server's adapters by a proximal term", regimes: [.federated],
      run: """
        adapter: {kind: lora, rank: 8, alpha: 16}
        method: {name: fedprox, optimizer: adamw, learning_rate: 3e-4, local_steps: 5, proximal: 0.01}
        """),
    MethodPreset(
      "fedadam_lora", "FedAdam + LoRA", "as FedIT, with Adam at the server", regimes: [.federated],
      run: """
        adapter: {kind: lora, rank: 8, alpha: 16}
        method: {name: fedadam, optimizer: sgd, learning_rate: 3e-3, local_steps: 5, server_learning_rate: 1e-3}
        """),
  ]
}
