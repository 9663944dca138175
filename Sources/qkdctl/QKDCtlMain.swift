import CQKDSystem
import QKDCLI

/// The tool: everything is in QKDCLI, so that tests can reach it.
@main
enum QKDCtlMain {
    static func main() async {
        // A frame's buffers have tens of megabytes; a session of hours must not grow by what lies free between them.
        // Where this cannot be had, nothing else is lost.
        _ = qkd_share_heap()
        await QKDCtl.start()
    }
}
