// check AVATAR.imx SPEECH.wav: what wheels/smoke.c does, in Swift.
import Essence
import Foundation

let rate = 16000
let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2])))
let pcm = (0..<rate).map { i -> Float in // two of three samples of 24 kHz, its second second
    let at = 44 + 2 * (3 * (i + rate) / 2)
    return Float(Int16(bitPattern: UInt16(file[at]) | UInt16(file[at + 1]) << 8)) / 32768
}

func must(_ status: be_status) {
    if status != BE_OK { fatalError(String(cString: be_last_error_message())) }
}

var avatar: OpaquePointer?
var stream: OpaquePointer?
var info = be_fixture_info_t()
must(be_fixture_load(CommandLine.arguments[1], nil, &avatar))
must(be_fixture_get_info(avatar, &info))
must(be_runtime_create(avatar, nil, &stream))
must(be_runtime_push_audio(stream, pcm, pcm.count))
must(be_runtime_flush(stream))
var bgr = [UInt8](repeating: 0, count: Int(info.frame_width * info.frame_height * 3))
var digest: UInt64 = 14695981039346656037
var frames = 0
while be_runtime_pull_frame(stream, -1, &bgr, bgr.count, nil) == BE_OK {
    for byte in bgr { digest = (digest ^ UInt64(byte)) &* 1099511628211 }
    frames += 1
}
be_runtime_destroy(stream)
be_fixture_release(avatar)
let hex = String(digest, radix: 16)
let padded = String(repeating: "0", count: 16 - hex.count) + hex
print("\(frames) frames, digest 0x\(padded), \(String(cString: be_library_version()))")
