import Foundation
import Networks
import Testing

@Suite struct TopologyTests {
  @Test("sizes are refused before anything is allocated")
  func sizes() {
    #expect(throws: NetworkError.layerWidth(layer: 1, found: 0)) {
      try Topology(units: [784, 0, 10])
    }
    #expect(throws: NetworkError.layerWidth(layer: 0, found: 99_999_999)) {
      try Topology(units: [99_999_999, 99_999_999])
    }
    #expect(
      throws: NetworkError.networkTooLarge(parameters: 1 << 40, limit: 1 << 28)
    ) { try Topology(units: [1 << 20, 1 << 20]) }
    #expect(throws: NetworkError.tooFewLayers(found: 1)) { try Topology(units: [784]) }
  }

  @Test("layers have forms, units and a name")
  func layers() {
    let topology: Topology = [784, 200, 100, 10]
    #expect(topology.units == [784, 200, 100, 10] && topology.hidden == [200, 100])
    #expect(topology.depth == 3 && topology[1].count == 200)
    #expect(topology.fullyConnectedWeights == 784 * 200 + 200 * 100 + 100 * 10)
    #expect("\(topology)" == "784-200-100-10")
    let map = Topology([Shape(height: 4, width: 3, channels: 2), Shape(units: 5)])
    #expect("\(map)" == "4x3x2-5" && map.units == [24, 5])
  }

  @Test("in JSON: numbers of units, maps as objects; no layer without units")
  func json() throws {
    func decoded(_ text: String) throws -> Topology {
      try JSONDecoder().decode(Topology.self, from: Data(text.utf8))
    }
    let map = Topology([Shape(height: 4, width: 3, channels: 2), Shape(units: 5)])
    for topology in [[784, 200, 10], map] {
      let text = String(decoding: try JSONEncoder().encode(topology), as: UTF8.self)
      #expect(try decoded(text) == topology)
    }
    #expect(try JSONEncoder().encode([7, 2] as Topology) == Data("[7,2]".utf8))
    #expect(throws: DecodingError.self) { try decoded("[784,0,10]") }
    #expect(throws: DecodingError.self) { try decoded("[784,-1]") }
    #expect(throws: DecodingError.self) { try decoded("[784,1048577]") }
    for (height, width) in [(1 << 40, 1 << 40), (1 << 20, 2)] {
      #expect(throws: DecodingError.self) {
        try decoded(#"[{"height":\#(height),"width":\#(width),"channels":1},5]"#)
      }
    }
    #expect(throws: DecodingError.self) {
      try decoded(#"[{"height":0,"width":3,"channels":2},5]"#)
    }
  }
}
