"""The texts of the phone page, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

_PAGE: Final = {
    "phone.link": ("手机页面", "Phone page"),
    "phone.app": ("线边 · 班组长", "Lineside for leaders"),
    "phone.title": ("手机", "Phone"),
    "phone.scan": ("扫码", "Scan"),
    "phone.more": ("更多", "More"),
    "phone.tasks": ("我的任务", "My tasks"),
    "phone.no_script": ("此浏览器不运行脚本，请使用：", "This browser runs no script. Use:"),
    "phone.install": (
        "在浏览器菜单中选择“添加到主屏幕”或“安装应用”，以后从桌面图标打开，断网时也能打开。",
        "Choose “Add to home screen” or “Install app” in the browser's menu; its icon opens this page"
        " without the network, too.",
    ),
    "phone.state.connecting": ("正在连接…", "Connecting…"),
    "phone.state.live": ("数据截至 {time}", "as of {time}"),
    "phone.state.kept": ("离线，数据截至 {time}（{age}）", "Offline, as of {time} ({age})"),
    "phone.state.none": ("未连接，本机没有数据", "Not connected, nothing kept here"),
    "phone.gone_call": ("这个呼叫已不在未关闭的列表中。", "This call is no longer among the open ones."),
    "phone.more_calls": ("另有 {n} 个呼叫，请到呼叫页面查看。", "{n} more calls are on the page of calls."),
}

_ACTS: Final = {
    "phone.note": ("备注", "Note"),
    "phone.notes": ("备注与照片", "Notes and photos"),
    "phone.note_late": ("{time} 送达", "arrived {time}"),
    "phone.note_save": ("保存备注", "Save the note"),
    "phone.photo": ("照片", "Photo"),
    "phone.photo_why": (
        "发送前在本机缩小到 {n} 像素以内，位置等信息不会保留。",
        "Scaled down to {n} pixels on this phone first; where it was taken does not stay in it.",
    ),
    "phone.act.acknowledge": ("接手", "Take"),
    "phone.act.resolve": ("关闭", "Resolve"),
    "phone.act.assign": ("转交", "Hand over"),
    "phone.act.note": ("备注", "Note"),
    "phone.act_state.waiting": ("待发送", "Waiting"),
    "phone.act_state.refused": ("未生效", "Not done"),
    "phone.act_state.done": ("已生效", "Done"),
    "phone.kept": ("已保存在本机，等待服务器确认。", "Kept on this phone; the server has to confirm it."),
    "phone.sent": ("已送达服务器。", "The server has it."),
    "phone.full": (
        "本机已有 {n} 项待发送或未生效，没有再保存。请先连上网络，或在“待发送”中处理未生效的。",
        "{n} acts wait or were not done, so this one was not kept. Get a network, or deal with those under “Waiting”.",
    ),
    "phone.bad_photo": (
        "这张照片无法读取或缩小，没有保存。请用相机重新拍一张 JPEG 照片。",
        "This photo cannot be read or made small, so nothing was kept. Take another one, as JPEG.",
    ),
    "phone.nothing_said": ("请写备注或拍照。", "Write a note or take a photo."),
    "phone.no_storage": (
        "本机无法保存，这一项没有生效。请关闭无痕模式或清理空间后重试。",
        "This phone could not keep it, so nothing was done. Leave private mode or make room, and try again.",
    ),
    "phone.seen": ("知道了", "Seen"),
}

_WAITING: Final = {
    "phone.waiting": ("待发送", "Waiting"),
    "phone.none_waiting": ("全部已送达", "Everything has arrived"),
    "phone.waiting_why": (
        "最多保存 {n} 项，关闭浏览器也不会丢失。每项只生效一次，按先后顺序发送，只由做它的账号发送。"
        "超过一天的操作不再生效，备注除外。",
        "At most {n} are kept, and closing the browser loses none. Each is done once, in its order, by the account "
        "that made it. After a day an act is no longer done; a note is.",
    ),
    "phone.others": (
        "另有 {n} 项属于本机上的其他账号，只在他们登录后发送。",
        "{n} more belong to another account on this phone and are sent when it signs in.",
    ),
    "phone.leaving": (
        "{n} 项待发送。退出后它们留在本机，等你再次登录时发送。",
        "{n} wait. After signing out they stay on this phone until you sign in again.",
    ),
    "phone.hold.unreachable": ("服务器连接不上，会自动重试。", "The server cannot be reached; it is tried again."),
    "phone.hold.signed_out": ("登录已过期，请重新登录后发送。", "The sign-in is over. Sign in again to send them."),
    "phone.hold.busy": ("服务器正忙，会自动重试。", "The server is busy; it is tried again."),
    "phone.hold.room": (
        "服务器没有存放照片的空间，请告诉管理员；会自动重试。",
        "The server has no room for photos: tell the administrator. It is tried again.",
    ),
    "phone.offline": ("没有网络", "No network"),
    "phone.offline_why": ("现在连接不到线边服务器。", "The Lineside server cannot be reached now."),
    "phone.offline_floor": (
        "现场工位照常工作，报工和呼叫都不会丢失。",
        "The stations on the floor go on; no report and no call is lost.",
    ),
    "phone.offline_signed_out": (
        "如果刚才在退出登录：本机数据已清除，但服务器还不知道，连上网络后请再退出一次。",
        "If you were signing out: what this phone kept is gone, but the server does not know. Sign out again later.",
    ),
    "phone.to_phone": ("打开手机页面", "Open the phone page"),
}

_REFUSALS: Final = {
    "refusal.gone": (
        "服务器没有这个呼叫。请到呼叫页面查看。",
        "The server knows no such call. Look at the page of calls.",
    ),
    "refusal.elsewhere": (
        "你的角色不包括这个工位。请找负责这条线的班组长，或请管理员更改角色。",
        "Your roles do not hold at this station. Ask the leader of its line, or an administrator for the role.",
    ),
    "refusal.taken": ("{who} 已经接手。有话请找 {who}。", "{who} was first. Talk to {who}."),
    "refusal.closed": (
        "呼叫已由 {who} 关闭。如果问题还在，请在工位重新呼叫。",
        "{who} has closed the call. If the trouble stays, call again at the station.",
    ),
    "refusal.cause": (
        "这个原因已不能用。请重新选择，或请计划员查看主数据。",
        "This cause is no longer in use. Choose another, or ask a planner about the master data.",
    ),
    "refusal.owner": (
        "不能转交给这个人。请重新选择，或请计划员查看主数据。",
        "It cannot be handed to them. Choose another, or ask a planner about the master data.",
    ),
    "refusal.same": ("呼叫已经在他们手上。", "They have the call already."),
    "refusal.old": (
        "超过一天才送达，没有执行。请重新查看这个呼叫。",
        "It arrived more than a day later and was not done. Look at the call again.",
    ),
    "refusal.full": (
        "这个呼叫的备注已满。请在呼叫页面处理。",
        "This call has all the notes it can have. Go on from the page of the call.",
    ),
    "refusal.key": ("编号重复，没有执行。请重新操作一次。", "Its number was used before. Do it once more."),
    "refusal.role": (
        "你的账号没有班组长角色。请管理员在用户页面授予。",
        "Your account has not the role of a leader. An administrator gives it.",
    ),
    "refusal.photo": ("照片太大或不是 JPEG。请重新拍照。", "The photo is too large or no JPEG. Take another."),
    "refusal.form": (
        "服务器不认识这项操作。请重新打开页面后再做一次。",
        "The server did not understand it. Open the page again and do it once more.",
    ),
}

_SCAN: Final = {
    "scan.title": ("扫码查询", "Scan a label"),
    "scan.camera": ("打开相机", "Open the camera"),
    "scan.picture": ("或选一张照片", "Or a picture of the label"),
    "scan.typed": ("或输入标签文字", "Or type what it says"),
    "scan.look_up": ("查询", "Look up"),
    "scan.https": (
        "浏览器只在 HTTPS 地址（或本机 localhost）允许使用相机。用 http:// 打开时请选照片或输入文字；"
        "由维护人员为服务器配置 HTTPS。",
        "Browsers allow the camera only over HTTPS (or at localhost). Over http:// take a picture or type; "
        "the maintainer sets HTTPS up at the server.",
    ),
    "scan.starting": ("正在打开相机…", "Opening the camera…"),
    "scan.looking": ("把码对准画面中间。", "Hold the code in the middle of the picture."),
    "scan.nothing": (
        "照片里没有读出码。靠近一些、对好焦再拍。",
        "No code was read in it. Go nearer and keep it sharp.",
    ),
    "scan.insecure": (
        "此地址不是 HTTPS，浏览器不允许使用相机。请选照片或输入文字。",
        "This address is not HTTPS, so the browser allows no camera. Take a picture or type.",
    ),
    "scan.denied": (
        "没有相机权限。请在浏览器的网站设置中允许相机，或选照片、输入文字。",
        "The camera is not permitted. Permit it in the browser's site settings, or take a picture, or type.",
    ),
    "scan.no_camera": ("没有可用的相机。请选照片或输入文字。", "There is no camera to use. Take a picture or type."),
    "scan.no_decoder": (
        "解码程序没有启动。请重新打开页面，或输入文字。",
        "The decoder did not start. Open the page again, or type.",
    ),
    "scan.unreadable": ("这个文件不是能显示的图片。", "This file is no picture that can be shown."),
    "scan.offline": (
        "现在没有网络，无法查询。有未关闭呼叫的工单和工位标牌离线也能打开。",
        "There is no network to look it up now. Tickets and station signs with an open call open offline, too.",
    ),
    "scan.read": ("读到：{text}", "Read: {text}"),
    "scan.to_call": ("处理呼叫", "Deal with the call"),
    "scan.order_page": ("打开工单", "Open the order"),
    "scan.kind.operation": ("工序", "Operation"),
    "scan.kind.order": ("工单", "Order"),
    "scan.kind.person": ("人员", "Person"),
    "scan.kind.station": ("工位", "Station"),
    "scan.kind.card": ("指令卡", "Command card"),
    "scan.kind.part": ("物料标签", "Part label"),
    "scan.kind.unknown": ("未知标签", "Unknown label"),
    "scan.kind.unreadable": ("无法识别", "Not a label"),
    "scan.why.card": ("指令卡只在工位使用。", "Command cards are for stations alone."),
    "scan.why.part": ("这是物料或产品的标签，不对应工单。", "It is the label of a part or a product, not of an order."),
    "scan.why.unknown": (
        "主数据里没有这个标签。可能是旧标签，请计划员查看。",
        "The master data does not have this label. It may be an old one: ask a planner.",
    ),
    "scan.why.unreadable": (
        "内容太长或含有不能出现的字符。",
        "It is too long or holds characters that stand on no label.",
    ),
}

PHONE_TEXTS: Final[Catalogue] = {**_PAGE, **_ACTS, **_WAITING, **_REFUSALS, **_SCAN}
