/* Where the program finds the recipes and schemas that come with it. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

/* $MUENBUILD_DATA if set, else ../share/muenbuild beside the folder of the executable: the same in
 * the build folder and where it is installed. Valid until the process ends. */
const char *data_folder(void);

#endif
