import type { ComponentChildren } from "preact";

function icon(children: ComponentChildren, size = 18) {
  return () => (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const MinusIcon = icon(<path d="M5 12h14" />);
export const LayersIcon = icon(
  <path d="M12 3.5 21 8.5 12 13.5 3 8.5ZM3.5 12.5l8.5 4.7 8.5-4.7M3.5 16.5l8.5 4.7 8.5-4.7" />,
);
export const LocateIcon = icon(
  <>
    <circle cx="12" cy="12" r="6.5" />
    <circle cx="12" cy="12" r="1.6" fill="currentColor" stroke="none" />
    <path d="M12 2v3.5M12 18.5V22M2 12h3.5M18.5 12H22" />
  </>,
);
export const ThemeIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 3.5a8.5 8.5 0 0 1 0 17Z" fill="currentColor" stroke="none" />
  </>,
);
export const MoreIcon = icon(
  <g fill="currentColor" stroke="none">
    <circle cx="5.5" cy="12" r="1.7" />
    <circle cx="12" cy="12" r="1.7" />
    <circle cx="18.5" cy="12" r="1.7" />
  </g>,
);
export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />, 16);
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </>,
  16,
);
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11.5" height="11.5" rx="2.5" />
    <path d="M5.5 15H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v.5" />
  </>,
  15,
);
export const CheckIcon = icon(<path d="m5 12.5 4.5 4.5L19 7.5" />, 15);
export const ChatIcon = icon(<path d="M4 5.5h16v11H11l-4.5 4v-4H4Z" />, 16);
export const RouteIcon = icon(
  <>
    <circle cx="6" cy="18.5" r="2.5" />
    <circle cx="18" cy="5.5" r="2.5" />
    <path d="M8.5 18.5H15a3.5 3.5 0 0 0 0-7H9a3 3 0 0 1 0-6h6.5" />
  </>,
  16,
);
export const PinIcon = icon(
  <>
    <path d="M12 3a6.5 6.5 0 0 1 6.5 6.5c0 4.4-4 7-6.5 11-2.5-4-6.5-6.6-6.5-11A6.5 6.5 0 0 1 12 3Z" />
    <circle cx="12" cy="9.5" r="2.2" />
  </>,
  32,
);
export const KeyboardIcon = icon(
  <>
    <rect x="2.5" y="6" width="19" height="12" rx="2.5" />
    <path d="M6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M8 14h8" />
  </>,
  16,
);
export const BookIcon = icon(<path d="M5 4.5h9a4 4 0 0 1 4 4v11H8a3 3 0 0 1-3-3ZM5 16.5a3 3 0 0 1 3-3h10" />, 16);
export const InfoIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11v5M12 8h.01" />
  </>,
  16,
);
export const SendIcon = icon(<path d="M4.5 12 20 4.5 15.5 20l-4-7Z M11.5 13 20 4.5" />, 17);
export const TerminalIcon = icon(
  <>
    <rect x="2.5" y="4.5" width="19" height="15" rx="2.5" />
    <path d="m7 9.5 3 2.5-3 2.5M12.5 15H17" />
  </>,
  16,
);
export const BackIcon = icon(<path d="M15 5l-7 7 7 7" />, 16);
export const PeopleIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 5a3.5 3.5 0 0 1 0 6.5M18.5 14.5a6.5 6.5 0 0 1 3 5.5" />
  </>,
  32,
);
export const FollowIcon = icon(<path d="M20.5 3.5 3.5 10.5l7 3 3 7Z" />, 16);
export const PlayIcon = icon(<path d="M7 4.5v15l12.5-7.5Z" fill="currentColor" />, 16);
export const PauseIcon = icon(<path d="M8 5v14M16 5v14" stroke-width="4" />, 16);
export const TownIcon = icon(<path d="M4 20.5v-9l5-3.5 5 3.5v9ZM14 20.5V4.5h6v16M3 20.5h18M9 20.5v-4" />, 16);
export const CoordinatesIcon = icon(
  <>
    <circle cx="12" cy="12" r="5.5" />
    <path d="M12 2.5v6M12 15.5v6M2.5 12h6M15.5 12h6" />
  </>,
  16,
);
export const EditIcon = icon(<path d="m4 20 1-4.5L16.5 4 20 7.5 8.5 19ZM14 6.5l3.5 3.5" />, 15);
export const TrashIcon = icon(<path d="M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10 11v5M14 11v5" />, 16);
export const HistoryIcon = icon(<path d="M3.5 12a8.5 8.5 0 1 0 2.6-6.1L3.5 8.5M3.5 4v4.5H8M12 7.5V12l3.2 2" />);
