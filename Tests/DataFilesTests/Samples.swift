import Foundation
import TestSupport

/// A PNG of 3 x 2 pixels in four forms, and JPEGs, made by Pillow 10; pixels are said where they are used.
enum Samples {
  static func bytes(_ base64: String) -> [UInt8] { Array(Data(base64Encoded: base64)!) }

  /// 0, 51, 102 / 153, 204, 255.
  static let grey = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNkMDZmmHnmPwAGowLM1hIFRgAAAABJ"
      + "RU5ErkJggg==")

  /// 0, 1, 256 / 32768, 65534, 65535 in 16 bits.
  static let grey16 = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAAFklEQVR4nGNgYGBgZGRgaGD4/+//fwANFAR+D0B2"
      + "EwAAAABJRU5ErkJggg==")

  /// The grey numbers, their halves rounded down, and 255 minus them.
  static let coloured = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHElEQVR4nGNkYPhvLHnWWOos40yfNGOps8aSZwE+"
      + "pwazeD1zdQAAAABJRU5ErkJggg==")

  /// The same colours by a palette.
  static let palette = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAAElBMVEX/fwDMZjOZTGZmM5kzGcwAAP+NdbP3AAAA"
      + "DklEQVR4nGMMucOgyAAABWIBU7z9z9YAAAAASUVORK5CYII=")

  /// 1, 0, 1 / 0, 1, 0 in a bit each.
  static let bits = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSu"
      + "QmCC")

  /// The grey numbers three times, and an alpha of 255.
  static let opaque = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAH0lEQVR4nAXBAQEAMAyDMK4JtfU0Tzx5QCoqbOvu"
      + "qvpn/wxc3pFGEgAAAABJRU5ErkJggg==")

  /// The same, with an alpha of 254 in the last pixel.
  static let transparent = bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAIElEQVR4nAXBAQEAMAzCMK6pavGEpnfJSyIQIGnr"
      + "NtV/Z/4MW+zfDZ4AAAAASUVORK5CYII=")

  /// 8 x 8 pixels of 64.
  static let jpegGrey = bytes(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ"
      + "BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI"
      + "CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcY"
      + "GRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj"
      + "pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APz/"
      + "AK//2Q==")

  /// 8 x 8 pixels of 200, 100, 50.
  static let jpegColoured = bytes(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ"
      + "BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK"
      + "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAIAAgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAA"
      + "AAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk"
      + "M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKT"
      + "lJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QA"
      + "HwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdh"
      + "cRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp"
      + "anN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk"
      + "5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDPooor+Vz+2D//2Q==")

  /// 8 x 8 pixels of print colours.
  static let jpegCMYK = bytes(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMc"
      + "HCg3KSwwMTQ0NB8nOT04MjwuMzQy/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAAB"
      + "AgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNi"
      + "coIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SV"
      + "lpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4E"
      + "QwBNAFkASwAAPwD3Wva69hr1ev/Z")

}

extension TemporaryFolder {
  /// Writes a file in a folder of the folder, which is made.
  func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(filePath: self.path + "/" + path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }
}
