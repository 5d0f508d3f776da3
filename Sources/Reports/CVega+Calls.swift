internal import CVega

/// The scripts that draw charts, and their license. The only Swift that calls `CVega`.
enum VegaScripts {
  static var vega: String { unsafe string(cvega_vega()) }
  static var vegaLite: String { unsafe string(cvega_vega_lite()) }
  static var license: String { unsafe string(cvega_license()) }

  private static func string(_ text: cvega_text) -> String {
    let bytes = unsafe UnsafeBufferPointer(start: text.text, count: text.length)
    return unsafe bytes.withMemoryRebound(to: UInt8.self) {
      unsafe String(decoding: $0, as: UTF8.self)
    }
  }
}
