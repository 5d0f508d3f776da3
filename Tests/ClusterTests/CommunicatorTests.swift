import Cluster
import MPICluster
import Testing
import ThreadCluster

/// What holds for any number of ranks.
@Suite struct CommunicatorTests {
  static let sizes = [1, 2, 3, 5]

  @Test("collective calls give every rank the same", arguments: sizes)
  func collectives(size: Int) async throws {
    let results = await ThreadCluster.run(size) { ranks in
      let rank = ranks.rank
      var values = [rank, rank + 1]
      try ranks.broadcast(&values, from: size - 1)
      #expect(values == [size - 1, size])
      #expect(try ranks.broadcast(rank == 0 ? [7, 8, 9] : [1]) == [7, 8, 9])
      #expect(try ranks.allGather(10 * rank) == (0..<size).map { 10 * $0 })
      // Other lengths on each rank, none among them.
      let own = Array(repeating: UInt8(rank), count: rank)
      let all = (0..<size).map { Array(repeating: UInt8($0), count: $0) }
      #expect(try ranks.allGather(own) == all)
      #expect(try ranks.gather(own) == (rank == 0 ? all : []))
      #expect(try ranks.gather([UInt8(rank)]) == (rank == 0 ? (0..<size).map { [UInt8($0)] } : []))
      try ranks.barrier()
      return try ranks.allToAll(
        (0..<size).map { 100 * rank + $0 }, sending: Array(repeating: 1, count: size),
        receiving: Array(repeating: 1, count: size))
    }
    for (rank, result) in results.enumerated() {
      #expect(try result.get() == (0..<size).map { 100 * $0 + rank })
    }
  }

  @Test("one process alone is a cluster of one")
  func alone() throws {
    let one = SingleProcess()
    #expect((one.rank, one.size, one.isRoot, one.processesOnHost) == (0, 1, true, 1))
    #expect(try one.allGather(5) == [5])
    #expect(try one.gather([1, 2]) == [[1, 2]])
    #expect(try one.broadcast([3]) == [3])
    #expect(try one.orderedSum([[1, 2], [3, 4]], counts: [2], length: 2, times: 0.5) == [2, 3])
    #expect(try one.receive(tag: 1) == nil)
    try one.finish()
  }

  @Test("segments cover everything once, in order, in whole blocks", arguments: sizes)
  func segments(size: Int) async {
    _ = await ThreadCluster.run(size) { ranks in
      for count in [0, 1, 2, 7, 360, 1000] {
        for block in [1, 256] {
          let parts = (0..<size).map { ranks.segment(of: count, rank: $0, block: block) }
          #expect(parts.flatMap(Array.init) == Array(0..<count))
          for part in parts where !part.isEmpty { #expect(part.lowerBound % block == 0) }
        }
        let lengths = (0..<size).map { ranks.segment(of: count, rank: $0).count }
        #expect(lengths.max()! - lengths.min()! <= 1)
      }
    }
  }

  @Test(
    "a sum is the same, bit for bit, on any number of ranks",
    arguments: [(1, 1), (4, 1), (4, 2), (4, 4), (5, 3), (2, 3), (8, 3)])
  func orderedSum(arrays: Int, size: Int) async throws {
    // Numbers of other magnitudes and signs: any other order, or Float sums, would round otherwise.
    @Sendable func array(_ index: Int) -> [Float] {
      (0..<97).map { place in
        // A sum of -0 is -0, as a replica of its own would have it.
        place == 5 ? -0.0 : Float((place * 7 + index * 13) % 11 - 5) * (index % 3 == 0 ? 1e8 : 1e-3)
      }
    }
    var expected = [Double](repeating: -0.0, count: 97)
    for index in 0..<arrays {
      for (place, value) in array(index).enumerated() { expected[place] += Double(value) }
    }
    let results = await ThreadCluster.run(size) { ranks in
      let counts = (0..<size).map { ranks.segment(of: arrays, rank: $0).count }
      let mine = ranks.segment(of: arrays, rank: ranks.rank)
      let before = ranks.bytesReceived
      let sum = try ranks.orderedSum(
        mine.map(array), counts: counts, length: 97, times: 1 / Double(arrays))
      // The documented traffic.
      let part = ranks.segment(of: 97, rank: ranks.rank).count
      #expect(
        ranks.bytesReceived - before == 4 * ((arrays - mine.count) * part + 97 - part))
      return sum
    }
    for result in results {
      #expect(
        try result.get().map(\.bitPattern)
          == expected.map { Float($0 * (1 / Double(arrays))).bitPattern })
    }
  }

  @Test("what a launcher says decides whether there are others")
  func launch() throws {
    #expect(try joinCluster(environment: [:]).size == 1)
    #expect(try joinCluster(environment: ["OMPI_COMM_WORLD_SIZE": "x", "HOME": "/"]).size == 1)
    #if !MPI
      #expect(throws: ClusterError.builtWithoutMPI(processes: 4)) {
        try joinCluster(environment: ["OMPI_COMM_WORLD_SIZE": "4"])
      }
      #expect(throws: ClusterError.builtWithoutMPI(processes: 2)) {
        try joinCluster(environment: ["PMI_SIZE": "2", "PMI_RANK": "1"])
      }
      #expect(throws: ClusterError.builtWithoutMPI(processes: 8)) {
        try joinCluster(environment: ["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "8"])
      }
      #expect(throws: ClusterError.builtWithoutMPI(processes: 4)) {
        try joinCluster(environment: ["PMIX_RANK": "3"])
      }
      #expect(try joinCluster(environment: ["OMPI_COMM_WORLD_SIZE": "1"]).size == 1)
    #endif
  }
}
